// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The server: listeners, connections, operators' endpoints, and an orderly end.
///
/// ```
/// ListenSocket ─→ HTTPConnection ─→ Router ─┬─→ answers: /livez, /readyz, /version
///                                           ├─→ ScrapeService, a thread of its own: /metrics
///                                           ├─→ routes given to the server, with bodies if they take them
///                                           └─→ WebSocketConnection ⇄ Client of the hub's Shard
/// ```
///
/// - ``Server`` puts it together: one ``Worker`` a loop, each with its own listener, connections and shard.
/// - ``HTTPConnection`` reads requests until one asks for a WebSocket; ``WebSocketConnection`` takes the socket over.
/// - ``ConnectionLimiter`` counts who is there; ``RejectionReason`` says why somebody is not.
/// - ``Health`` answers whether the process lives and whether messages flow; ``Drain`` is the way out.
/// - ``CanarySender`` sends the hub's canaries; each loop has one, and they take turns.
/// - ``ServerMetrics`` asks every loop for a ``WorkerSnapshot`` when a scrape begins.
enum HubServerOverview {}
