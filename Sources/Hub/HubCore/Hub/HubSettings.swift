// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What the hub allows a client, and what it does with one that is too slow.
package struct HubSettings: Sendable {
    /// The node's name in `welcome` messages and logs.
    package var nodeID = "local"
    /// How much may wait for one client.
    package var queue = QueueLimits()
    /// What fan-out does when a queue is full.
    package var slowClientPolicy = SlowClientPolicy.disconnect
    /// How many topics one client may subscribe to, 1 to 1 000 000.
    package var maxSubscriptionsPerClient = 1_000
    /// How many topics may have subscribers on one loop.
    package var maxTopics = 1_000_000

    /// The defaults.
    package init() {}
}
