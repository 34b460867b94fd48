// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// What one shard counts; plain values that only its loop touches.
package struct ShardCounts {
    /// The books of the deliveries.
    package internal(set) var ledger = DeliveryLedger()
    /// From a message's entry into the node to the write of its last byte, by scope, one observation a delivery,
    /// nanoseconds.
    package internal(set) var totalLatency = InlineArray<4, LocalHistogram>(repeating: LocalHistogram(.milliseconds))
    /// From a batch's first message to the batch standing in all queues, one observation a message, nanoseconds.
    package internal(set) var topicLatency = LocalHistogram(.milliseconds)
    /// The same for broadcasts.
    package internal(set) var broadcastLatency = LocalHistogram(.milliseconds)
    /// How long it took to put a topic's batch into all queues, nanoseconds.
    package internal(set) var topicDuration = LocalHistogram(.microseconds)
    /// The same for broadcasts.
    package internal(set) var broadcastDuration = LocalHistogram(.microseconds)
    /// Receivers on this shard of each message to a topic that has some here.
    package internal(set) var topicRecipients = LocalHistogram(.counts)
    /// The same for broadcasts.
    package internal(set) var broadcastRecipients = LocalHistogram(.counts)
    /// Deliveries finished by each write that finished some.
    package internal(set) var writeBatch = LocalHistogram(.counts)
    /// Sizes of the messages that went out, one observation a delivery, bytes.
    package internal(set) var sentSizes = LocalHistogram(.sizes)
    /// Writes made, and those that the socket took less of than offered.
    package internal(set) var writes: UInt64 = 0
    package internal(set) var blockedWrites: UInt64 = 0
    /// Bytes that sockets took, by scope; control frames count as replies.
    package internal(set) var bytesWritten = InlineArray<4, UInt64>(repeating: 0)
    /// What became of clients with a full queue.
    package internal(set) var slowDisconnects: UInt64 = 0
    package internal(set) var slowDrops: UInt64 = 0
    /// Publications of clients here, by scope.
    package internal(set) var publishes = InlineArray<4, UInt64>(repeating: 0)
    /// How often a client's socket was not read for a while, by the reason.
    package internal(set) var pauses = InlineArray<4, UInt64>(repeating: 0)
    /// Publications of clients to topics that nobody on the node received.
    package internal(set) var unreceived: UInt64 = 0
    package internal(set) var subscribes: UInt64 = 0
    package internal(set) var unsubscribes: UInt64 = 0
    /// What clients asked for.
    package internal(set) var commands = CommandCounts()
}
