// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// What a shard's tables and books say at one moment, read together on its loop.
///
/// Populations are counted in the tables here, never kept by incrementing and decrementing. That the books agree with
/// the queues is ``residual``: it is 0 unless a delivery was lost without being counted.
package struct ShardSnapshot: Sendable {
    /// Connections, those that are closing included.
    package var attached = 0
    /// Clients that receive broadcasts.
    package var registered = 0
    /// Topics that have a subscriber.
    package var topics = 0
    package var subscriptions = 0
    /// Subscribers of the topic that has most.
    package var largestTopic = 0
    /// Deliveries that wait in the queues, counted there.
    package var queuedMessages = 0
    package var queuedBytes = 0
    /// The longest queue in bytes.
    package var largestQueueBytes = 0
    /// Clients whose queue is three quarters full.
    package var slowClients = 0
    /// What other threads asked of the shard and is not done yet, in bytes.
    package var inboxBytes = 0
    /// Bytes in the fullest inbox.
    package var largestInboxBytes = 0
    /// Clients that are not read because there is no room for what they publish.
    package var pausedClients = 0
    /// How often that began, by the reason.
    package var pauses = InlineArray<2, UInt64>(repeating: 0)
    package var ledger = DeliveryLedger()
    package var totalLatency = HistogramValues(.milliseconds)
    package var fanOutLatency = HistogramValues(.milliseconds)
    package var topicDuration = HistogramValues(.microseconds)
    package var broadcastDuration = HistogramValues(.microseconds)
    package var topicRecipients = HistogramValues(.counts)
    package var broadcastRecipients = HistogramValues(.counts)
    package var writeBatch = HistogramValues(.counts)
    /// Sizes of the messages that went out, one observation a delivery.
    package var sentSizes = HistogramValues(.sizes)
    package var writes: UInt64 = 0
    package var blockedWrites: UInt64 = 0
    package var bytesWritten: UInt64 = 0
    package var slowDisconnects: UInt64 = 0
    package var slowDrops: UInt64 = 0
    package var subscribes: UInt64 = 0
    package var unsubscribes: UInt64 = 0
    package var publishes = InlineArray<4, UInt64>(repeating: 0)
    package var commands = CommandTotals()

    /// A snapshot of nothing, to add others to.
    package init() {}

    /// Deliveries that are in no book and in no queue; must be 0.
    package var residual: Int64 { ledger.outstanding - Int64(queuedMessages) }

    /// Adds another shard's.
    package mutating func add(_ other: ShardSnapshot) {
        attached += other.attached
        registered += other.registered
        topics += other.topics
        subscriptions += other.subscriptions
        largestTopic = max(largestTopic, other.largestTopic)
        queuedMessages += other.queuedMessages
        queuedBytes += other.queuedBytes
        largestQueueBytes = max(largestQueueBytes, other.largestQueueBytes)
        slowClients += other.slowClients
        inboxBytes += other.inboxBytes
        largestInboxBytes = max(largestInboxBytes, other.largestInboxBytes)
        pausedClients += other.pausedClients
        for index in 0..<2 { pauses[index] += other.pauses[index] }
        ledger.add(other.ledger)
        totalLatency.add(other.totalLatency)
        fanOutLatency.add(other.fanOutLatency)
        topicDuration.add(other.topicDuration)
        broadcastDuration.add(other.broadcastDuration)
        topicRecipients.add(other.topicRecipients)
        broadcastRecipients.add(other.broadcastRecipients)
        writeBatch.add(other.writeBatch)
        sentSizes.add(other.sentSizes)
        writes += other.writes
        blockedWrites += other.blockedWrites
        bytesWritten += other.bytesWritten
        slowDisconnects += other.slowDisconnects
        slowDrops += other.slowDrops
        subscribes += other.subscribes
        unsubscribes += other.unsubscribes
        for index in 0..<4 { publishes[index] += other.publishes[index] }
        commands.add(other.commands)
    }
}

extension Shard {
    /// Reads tables and books; called on the shard's loop between ticks.
    ///
    /// - Complexity: O(clients + topics), about 10 ns each.
    package func snapshot() -> ShardSnapshot {
        var snapshot = ShardSnapshot()
        for case let client? in clients {
            let (messages, bytes) = (client.queue.messages, client.queue.bytes)
            snapshot.queuedMessages += messages
            snapshot.queuedBytes += bytes
            snapshot.largestQueueBytes = max(snapshot.largestQueueBytes, bytes)
            if settings.queue.isSlow(messages: messages, bytes: bytes) { snapshot.slowClients += 1 }
        }
        for topic in topics.values {
            snapshot.subscriptions += topic.subscribers.count
            snapshot.largestTopic = max(snapshot.largestTopic, topic.subscribers.count)
        }
        snapshot.attached = attachedCount
        snapshot.registered = everyone.subscribers.count
        snapshot.topics = topics.count
        snapshot.inboxBytes = inbox.byteCount
        snapshot.largestInboxBytes = snapshot.inboxBytes
        snapshot.pausedClients = pausedClients.count
        snapshot.pauses = counts.pointee.pauses
        copyCounts(into: &snapshot)
        return snapshot
    }

    private func copyCounts(into snapshot: inout ShardSnapshot) {
        snapshot.ledger = counts.pointee.ledger
        snapshot.totalLatency = counts.pointee.totalLatency.values
        snapshot.fanOutLatency = counts.pointee.fanOutLatency.values
        snapshot.topicDuration = counts.pointee.topicDuration.values
        snapshot.broadcastDuration = counts.pointee.broadcastDuration.values
        snapshot.topicRecipients = counts.pointee.topicRecipients.values
        snapshot.broadcastRecipients = counts.pointee.broadcastRecipients.values
        snapshot.writeBatch = counts.pointee.writeBatch.values
        snapshot.sentSizes = counts.pointee.sentSizes.values
        snapshot.writes = counts.pointee.writes
        snapshot.blockedWrites = counts.pointee.blockedWrites
        snapshot.bytesWritten = counts.pointee.bytesWritten
        snapshot.slowDisconnects = counts.pointee.slowDisconnects
        snapshot.slowDrops = counts.pointee.slowDrops
        snapshot.subscribes = counts.pointee.subscribes
        snapshot.unsubscribes = counts.pointee.unsubscribes
        snapshot.publishes = counts.pointee.publishes
        snapshot.commands = counts.pointee.commands.totals
    }
}
