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
    /// Requests that wait for their answers.
    package var openAnswers = 0
    /// How often that began, by the reason.
    package var pauses = InlineArray<4, UInt64>(repeating: 0)
    package var ledger = DeliveryLedger()
    /// By scope, as its raw value counts.
    package var totalLatency = Array(repeating: HistogramValues(.milliseconds), count: 4)
    package var topicLatency = HistogramValues(.milliseconds)
    package var broadcastLatency = HistogramValues(.milliseconds)
    package var topicDuration = HistogramValues(.microseconds)
    package var broadcastDuration = HistogramValues(.microseconds)
    package var topicRecipients = HistogramValues(.counts)
    package var broadcastRecipients = HistogramValues(.counts)
    package var writeBatch = HistogramValues(.counts)
    /// Sizes of the messages that went out, one observation a delivery.
    package var sentSizes = HistogramValues(.sizes)
    package var writes: UInt64 = 0
    package var blockedWrites: UInt64 = 0
    /// By scope, as its raw value counts; control frames count as replies.
    package var bytesWrittenByScope = InlineArray<4, UInt64>(repeating: 0)
    package var unreceived: UInt64 = 0
    /// How long the delivery has waited that waits longest, nanoseconds from its message's entry into the node.
    package var oldestWait: UInt64 = 0
    /// Bytes that sockets took and their peers have not acknowledged: a sample, scaled up to all connections.
    package var unsentBytes: UInt64 = 0
    /// The most of one connection in that sample.
    package var unsentLargestBytes: UInt64 = 0
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

    /// Bytes that sockets took.
    package var bytesWritten: UInt64 { (0..<4).reduce(0) { $0 &+ bytesWrittenByScope[$1] } }

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
        openAnswers += other.openAnswers
        for index in 0..<4 { pauses[index] += other.pauses[index] }
        ledger.add(other.ledger)
        for index in totalLatency.indices { totalLatency[index].add(other.totalLatency[index]) }
        topicLatency.add(other.topicLatency)
        broadcastLatency.add(other.broadcastLatency)
        topicDuration.add(other.topicDuration)
        broadcastDuration.add(other.broadcastDuration)
        topicRecipients.add(other.topicRecipients)
        broadcastRecipients.add(other.broadcastRecipients)
        writeBatch.add(other.writeBatch)
        sentSizes.add(other.sentSizes)
        writes += other.writes
        blockedWrites += other.blockedWrites
        for index in 0..<4 { bytesWrittenByScope[index] &+= other.bytesWrittenByScope[index] }
        unreceived += other.unreceived
        oldestWait = max(oldestWait, other.oldestWait)
        unsentBytes += other.unsentBytes
        unsentLargestBytes = max(unsentLargestBytes, other.unsentLargestBytes)
        slowDisconnects += other.slowDisconnects
        slowDrops += other.slowDrops
        subscribes += other.subscribes
        unsubscribes += other.unsubscribes
        for index in 0..<4 { publishes[index] += other.publishes[index] }
        commands.add(other.commands)
    }
}

/// How many connections a snapshot asks the kernel about.
private let unsentSampleSize = 256

extension Shard {
    /// Reads tables and books; called on the shard's loop between ticks.
    ///
    /// - Complexity: O(clients + topics), about 10 ns each, and 512 system calls at most.
    package func snapshot() -> ShardSnapshot {
        var snapshot = ShardSnapshot()
        var oldest = UInt64.max
        for case let client? in clients {
            let (messages, bytes) = (client.queue.messages, client.queue.bytes)
            snapshot.queuedMessages += messages
            snapshot.queuedBytes += bytes
            snapshot.largestQueueBytes = max(snapshot.largestQueueBytes, bytes)
            if settings.queue.isSlow(messages: messages, bytes: bytes) { snapshot.slowClients += 1 }
            if messages > 0 { oldest = min(oldest, client.queue.oldestIngress(in: slices)) }
        }
        let now = environment.monotonicNanoseconds()
        snapshot.oldestWait = now > oldest ? now - oldest : 0
        sampleUnsent(into: &snapshot)
        for topic in topics.values {
            snapshot.subscriptions += topic.subscribers.count
            snapshot.largestTopic = max(snapshot.largestTopic, topic.subscribers.count)
        }
        snapshot.attached = attachedCount
        snapshot.registered = everyone.subscribers.count
        snapshot.topics = topics.count
        snapshot.inboxBytes = inbox.byteCount
        snapshot.largestInboxBytes = snapshot.inboxBytes
        snapshot.pausedClients = pausedClients.count + answers.waitingClients
        snapshot.openAnswers = answers.count
        snapshot.pauses = counts.pointee.pauses
        copyCounts(into: &snapshot)
        return snapshot
    }

    /// Asks the kernel about some connections, others each time, and scales up: all would hold the loop up too long.
    private func sampleUnsent(into snapshot: inout ShardSnapshot) {
        var sampled = 0
        var sum = 0
        var looked = 0
        while looked < clients.count, sampled < unsentSampleSize {
            if unsentCursor >= clients.count { unsentCursor = 0 }
            if let client = clients[unsentCursor] {
                let unsent = max(0, client.transport.unsentBytes)
                sum += unsent
                snapshot.unsentLargestBytes = max(snapshot.unsentLargestBytes, UInt64(unsent))
                sampled += 1
            }
            unsentCursor += 1
            looked += 1
        }
        guard sampled > 0 else { return }
        snapshot.unsentBytes = UInt64(Double(sum) * Double(attachedCount) / Double(sampled))
    }

    private func copyCounts(into snapshot: inout ShardSnapshot) {
        snapshot.ledger = counts.pointee.ledger
        for index in 0..<4 { snapshot.totalLatency[index] = counts.pointee.totalLatency[index].values }
        snapshot.topicLatency = counts.pointee.topicLatency.values
        snapshot.broadcastLatency = counts.pointee.broadcastLatency.values
        snapshot.topicDuration = counts.pointee.topicDuration.values
        snapshot.broadcastDuration = counts.pointee.broadcastDuration.values
        snapshot.topicRecipients = counts.pointee.topicRecipients.values
        snapshot.broadcastRecipients = counts.pointee.broadcastRecipients.values
        snapshot.writeBatch = counts.pointee.writeBatch.values
        snapshot.sentSizes = counts.pointee.sentSizes.values
        snapshot.writes = counts.pointee.writes
        snapshot.blockedWrites = counts.pointee.blockedWrites
        snapshot.bytesWrittenByScope = counts.pointee.bytesWritten
        snapshot.unreceived = counts.pointee.unreceived
        snapshot.slowDisconnects = counts.pointee.slowDisconnects
        snapshot.slowDrops = counts.pointee.slowDrops
        snapshot.subscribes = counts.pointee.subscribes
        snapshot.unsubscribes = counts.pointee.unsubscribes
        snapshot.publishes = counts.pointee.publishes
        snapshot.commands = counts.pointee.commands.totals
    }
}
