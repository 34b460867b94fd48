// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubWire

extension Shard {
    /// How much a batch gathers before it is given to the queues within a tick.
    static let batchByteTarget = 64 * 1024

    // MARK: Into batches

    /// Delivers a publication to this shard's subscribers at the end of the tick.
    func deliver(_ publication: Publication) {
        let isReceived = publication.payload.withUnsafeBytes { payload in
            append(
                publication.opcode,
                payload,
                to: topic(publication.topic),
                ingress: publication.ingress,
                excluded: publication.excluded
            )
        }
        if !isReceived, publication.wasMissedByLastLoop() { counts.pointee.unreceived &+= 1 }
    }

    /// The receivers of a name on this shard; nil when there are none.
    func topic(_ name: TopicName) -> Topic? { name.isBroadcast ? everyone : topics[name] }

    /// Adds a message to the batch of a topic; nil is a topic without subscribers here.
    ///
    /// - Returns: Whether anyone here receives it.
    @discardableResult
    func append(
        _ opcode: UInt8,
        _ payload: UnsafeRawBufferPointer,
        to topic: Topic?,
        ingress: UInt64,
        excluded: ClientHandle?
    ) -> Bool {
        guard let topic else { return false }
        var receivers = topic.subscribers.count
        var publisher: Client?
        if let excluded, excluded.shard == index, let client = client(for: excluded), client.receives(topic) {
            publisher = client
            receivers -= 1
        }
        guard receivers > 0 else { return false }
        let batch: FrameBatch
        if let open = topic.batch {
            batch = open
        } else {
            batch = batches.take()
            topic.batch = batch
            if !topic.isDirty {
                topic.isDirty = true
                dirtyTopics.append(topic)
            }
        }
        batch.append(opcode, payload, ingress: ingress)
        pendingDeliveries &+= receivers
        counts.pointee.sentSizes.observe(
            UInt64(truncatingIfNeeded: payload.count),
            count: UInt64(truncatingIfNeeded: receivers)
        )
        if let publisher {
            publisher.exclusions += 1
            topic.exclusions.append(
                Exclusion(client: .passUnretained(publisher), frame: UInt32(truncatingIfNeeded: batch.frameCount - 1))
            )
        }
        if batch.byteCount >= Shard.batchByteTarget || batch.frameCount >= batchFrameTarget { settle(topic) }
        return true
    }

    /// At most half a queue, so that a batch fits a queue that is not too full.
    private var batchFrameTarget: Int { min(128, max(1, settings.queue.messages / 2)) }

    // MARK: From batches into queues

    /// Gives every pending batch to its subscribers' queues.
    func settleAll() {
        guard !dirtyTopics.isEmpty else { return }
        // Settling adds no topic: a write that fails only marks its client.
        for topic in dirtyTopics {
            settle(topic)
            topic.isDirty = false
        }
        dirtyTopics.removeAll(keepingCapacity: true)
    }

    /// Gives a topic's pending batch to its subscribers' queues.
    func settle(_ topic: Topic) {
        guard let batch = topic.batch else { return }
        topic.batch = nil
        let began = environment.monotonicNanoseconds()
        let frames = UInt32(truncatingIfNeeded: batch.frameCount)
        let bytes = UInt32(truncatingIfNeeded: batch.byteCount)
        let shared = Unmanaged.passUnretained(batch)
        let slice = Slice(
            batch: shared,
            start: 0,
            end: bytes,
            first: 0,
            frames: frames,
            next: SlicePool.none,
            scope: topic.scope,
            isControl: false
        )
        topic.subscribers.withUnsafeBufferPointer { subscribers in
            for subscriber in subscribers {
                subscriber.client._withUnsafeGuaranteedRef { client in
                    if client.exclusions > 0 {
                        enqueueAround(topic.exclusions, slice, to: client)
                    } else {
                        enqueue(slice, to: client)
                    }
                }
            }
        }
        observeFanOut(topic, batch, began: began)
        for exclusion in topic.exclusions { exclusion.client._withUnsafeGuaranteedRef { $0.exclusions -= 1 } }
        topic.exclusions.removeAll(keepingCapacity: true)
        batches.release(batch)
    }

    private func observeFanOut(_ topic: Topic, _ batch: FrameBatch, began: UInt64) {
        let now = environment.monotonicNanoseconds()
        let receivers = UInt64(topic.subscribers.count)
        // Each has one receiver less: its publisher.
        let fewer = UInt64(topic.exclusions.count)
        let messages = UInt64(batch.frameCount) &- fewer
        let latency = now > batch.ingress ? now - batch.ingress : 0
        if topic.scope == .broadcast {
            counts.pointee.broadcastRecipients.observe(receivers, count: messages)
            counts.pointee.broadcastRecipients.observe(receivers &- 1, count: fewer)
            counts.pointee.broadcastDuration.observe(now &- began)
            counts.pointee.broadcastLatency.observe(latency, count: messages &+ fewer)
        } else {
            counts.pointee.topicRecipients.observe(receivers, count: messages)
            counts.pointee.topicRecipients.observe(receivers &- 1, count: fewer)
            counts.pointee.topicDuration.observe(now &- began)
            counts.pointee.topicLatency.observe(latency, count: messages &+ fewer)
        }
    }

    /// Enqueues the runs of frames between those that the client published itself.
    private func enqueueAround(_ exclusions: [Exclusion], _ slice: Slice, to client: Client) {
        var next: UInt32 = 0
        for exclusion in exclusions where exclusion.client.toOpaque() == Unmanaged.passUnretained(client).toOpaque() {
            enqueueFrames(next..<exclusion.frame, of: slice, to: client)
            next = exclusion.frame + 1
        }
        enqueueFrames(next..<slice.frames, of: slice, to: client)
    }

    private func enqueueFrames(_ range: Range<UInt32>, of slice: Slice, to client: Client) {
        guard !range.isEmpty else { return }
        enqueue(slice.part(range), to: client)
    }

    // MARK: Into one queue

    /// Puts a slice into a client's queue and takes a reference of its batch for it.
    ///
    /// What does not fit is first written, if the socket takes anything; then the slow-client policy decides.
    @inline(__always)
    func enqueue(_ slice: Slice, to client: Client) {
        counts.pointee.ledger.enqueue(slice.messages, slice.scope)
        let limits = settings.queue
        if client.closeReason == nil,
            client.queue.messages + slice.messages <= limits.messages,
            client.queue.bytes + Int(slice.end - slice.start) <= limits.bytes
        {
            accept(slice, client)
        } else {
            enqueueTight(slice, client)
        }
    }

    /// Puts a slice into a queue that has room for it.
    @inline(__always)
    func accept(_ slice: Slice, _ client: Client) {
        slice.batch._withUnsafeGuaranteedRef { $0.references += 1 }
        client.queue.append(slice, in: slices)
        markDirty(client)
    }

    @inline(__always)
    func markDirty(_ client: Client) {
        guard !client.isDirty else { return }
        client.isDirty = true
        dirtyClients.append(.passUnretained(client))
    }

    /// The slow way in: the queue is full, or the slice is larger than a queue.
    private func enqueueTight(_ slice: Slice, _ client: Client) {
        var rest = slice
        while rest.frames > 0 {
            guard client.closeReason == nil else {
                counts.pointee.ledger.drop(rest.messages, rest.scope, .closed)
                return
            }
            let fitting = framesThatFit(rest, client)
            if fitting > 0 {
                let part = rest.part(rest.first..<rest.first + fitting)
                accept(part, client)
                rest = rest.part(rest.first + fitting..<rest.first + rest.frames)
            } else if !client.isBlocked {
                flush(client)
            } else if !makeRoom(for: rest, client) {
                // One message at a time: a smaller one behind it may fit.
                rest = rest.part(rest.first + 1..<rest.first + rest.frames)
            }
        }
    }

    /// How many of a slice's first frames the queue has room for; one is always let into an empty queue.
    private func framesThatFit(_ slice: Slice, _ client: Client) -> UInt32 {
        if slice.isControl { return slice.frames }
        let limits = settings.queue
        let room = limits.messages - client.queue.messages
        guard room > 0 else { return 0 }
        let byteRoom = limits.bytes - client.queue.bytes
        return slice.batch._withUnsafeGuaranteedRef { batch in
            var fitting: UInt32 = 0
            while fitting < slice.frames, Int(fitting) < room,
                Int(batch.end(ofFrame: slice.first + fitting) - slice.start) <= byteRoom
            {
                fitting += 1
            }
            return fitting == 0 && client.queue.isEmpty ? 1 : fitting
        }
    }

    /// Applies the slow-client policy; false when the slice's first message is dealt with.
    private func makeRoom(for slice: Slice, _ client: Client) -> Bool {
        let reason: DropReason =
            client.queue.messages >= settings.queue.messages ? .queueMessages : .queueBytes
        switch settings.slowClientPolicy {
        case .disconnect:
            counts.pointee.slowDisconnects += 1
            counts.pointee.ledger.drop(1, slice.scope, reason)
            markForClosing(client, .slow)
            return false
        case .dropNewest:
            counts.pointee.slowDrops += 1
            counts.pointee.ledger.drop(1, slice.scope, reason)
            return false
        case .dropOldest:
            if dropOldest(of: client, reason) {
                // The tick's end tells other threads of the room, also if nothing takes it.
                markDirty(client)
                return true
            }
            // Only a message that is half on the wire is left: the new one has to go.
            counts.pointee.slowDrops += 1
            counts.pointee.ledger.drop(1, slice.scope, reason)
            return false
        }
    }
}

extension Slice {
    /// The same slice cut down to some of its frames, none of them begun.
    func part(_ range: Range<UInt32>) -> Slice {
        var part = self
        part.first = range.lowerBound
        part.frames = UInt32(range.count)
        guard !range.isEmpty else { return part }
        batch._withUnsafeGuaranteedRef { batch in
            part.start = range.lowerBound == first ? start : batch.start(ofFrame: range.lowerBound)
            part.end = batch.end(ofFrame: range.upperBound - 1)
        }
        return part
    }
}
