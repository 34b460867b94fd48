// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How nodes reach each other: what differs between buses is an adapter, all else is here.
///
/// ```
/// HubBridge ─ publish, interest ─→ BusLink ─→ BusAdapter ─→ the server
///     ↑                             │ deadlines, probes, back-off (BusSupervisor), metrics, the log
///     └──── BusSink ←───────────────┴── BusEvents ←── the adapter
/// ```
///
/// - ``BusTopic``: the names on the bus. ``Interest``: which of them a node wants. ``NodeIdentity``: who it is.
/// - ``Envelope``: what travels; ``EnvelopeWriter`` encodes it once. What is no envelope is another program's payload.
/// - ``BusAdapter``: one kind of bus. ``BusEvents``: what it tells. ``LinkState``, ``LinkFault``, ``BusError``: in which words.
/// - ``BusLink``: the one decorator around any adapter; ``BusSupervisor`` is its state machine.
/// - ``SequenceBook`` numbers what is sent; ``GapDetector`` finds what is missing or came twice. ``FIFO`` is the queue of all.
/// - ``BusMetrics``: the families that all buses share; ``FixedBusMetrics``: the names that dashboards know.
///
/// All of it belongs to the bus loop; nothing here has a socket or a thread. A node without a bus has none of it. The suite that
/// every adapter has to pass is `BusContract` in HubTesting.
enum HubBusOverview {}
