// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One node's hub and its bus together: what is published here goes there, and what came from there goes to this hub's clients.
///
/// ```
/// Hub's loops ─→ Outbox ─→ Bridge ─ numbers, encodes ─→ BusLink ─→ the bus
///                            │ Membership, RequestTable, interest
/// Hub.deliver ←─ batches ←───┴── gaps and duplicates ←─ BusLink ←─ the bus
/// ```
///
/// - ``Bridge`` is all that happens on the bus loop; ``Bridge/tick()`` is called there, and at the time that it returns.
/// - ``Membership`` knows the other nodes by what they say of themselves, a ``NodeRecord`` each; ``NodeBoard`` shows them to
///   other threads.
/// - ``RequestTable`` holds what was asked of other nodes and is not answered.
/// - ``BusCanary`` decides when the node sends itself a message, to see how messages fare.
/// - ``DownBuffer`` keeps publications while the bus is away, if so configured.
///
/// Nothing here has a socket or a thread, so tests drive it with a bus in memory and a clock of their own.
enum HubBridgeOverview {}
