// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The hub: clients, topics, queues and what clients' messages mean; no sockets and no C.
///
/// ```
/// socket ─→ MessageReceiver ─→ MessageHandler ─→ Shard.publish ─┬─→ this shard's Topic ──┐
///            (Dispatcher)                                       ├─→ other shards' Inbox ─┤ once a tick
/// other threads ─→ Hub.publish, push ─→ every shard's Inbox ────┘   Outbox               ▼
///                                                                   (to the bus)      FrameBatch
/// ClientTransport.write ←─ OutboundQueue of each Client ←─ a Slice of the batch, shared ─┘
/// ```
///
/// - ``Hub`` is what other threads call; each ``Shard`` belongs to one loop with its clients, and does a ``Shard/tick()``.
/// - ``Client`` is a connection as its shard sees it; ``ClientHandle`` is what others hold of it; ``ClientTransport`` is
///   the socket under it.
/// - ``FrameBatch`` holds a topic's frames of one tick, encoded once; an ``OutboundQueue`` holds slices of batches.
/// - ``DeliveryLedger`` books every delivery: enqueued = written + dropped + still queued, at any moment.
/// - A ``Mailbox`` is how threads meet: each shard's inbox, and the ``Outbox`` that the bus loop empties. ``TopicTable`` knows
///   which shards have subscribers.
/// - A ``Canary`` goes through all inboxes, to see how long messages take; ``CanaryMetrics`` shows it.
/// - ``PendingAnswer`` answers a request later, from any thread.
/// - ``Dispatcher`` takes messages of client protocol v1 to their ``MessageHandler``.
/// - ``ShardSnapshot`` is what a shard says of itself; ``DeliveryMetrics`` and ``MessageMetrics`` show it.
enum HubCoreOverview {}
