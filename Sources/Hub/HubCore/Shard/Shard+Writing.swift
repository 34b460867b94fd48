// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// How many writes share one reading of the clock; at about 4 µs a write the latency is off by less than 35 µs.
private let writesPerClock = 8

/// How many clients are written between two looks at the tick's deadline; at about 4 µs a write a quarter of a millisecond.
private let writesPerLook = 64

extension Shard {
    // MARK: Writing

    /// Writes the clients that have something and whose socket takes it; false when time was up before all were written.
    func flushDirty() -> Bool {
        let first = nextDirtyClient
        // Writing can add clients: a refused write queues a close frame elsewhere.
        while nextDirtyClient < dirtyClients.count {
            let index = nextDirtyClient
            prefetch(behind: index)
            dirtyClients[index]._withUnsafeGuaranteedRef { client in
                client.isDirty = false
                if !client.isBlocked { flush(client) } else { wait(client) }
            }
            nextDirtyClient = index + 1
            if (index - first) & (writesPerLook - 1) == writesPerLook - 1, nextDirtyClient < dirtyClients.count,
                !hasTime
            {
                return false
            }
        }
        dirtyClients.removeAll(keepingCapacity: true)
        nextDirtyClient = 0
        pendingDeliveries = 0
        return true
    }

    /// Writes the clients that were answered while the others wait, so that an answer does not wait behind a fan-out.
    func flushAnswered() {
        guard !answeredClients.isEmpty else { return }
        for client in answeredClients where !client.isBlocked { flush(client) }
        answeredClients.removeAll(keepingCapacity: true)
    }

    /// Asks for the memory that the next writes touch, for the kernel's work of a write drives it from the caches.
    ///
    /// Of the client after the next its own, for what that points to can be asked for only when it is there.
    @inline(__always)
    private func prefetch(behind index: Int) {
        guard index + 2 < dirtyClients.count else { return }
        dirtyClients[index + 1]._withUnsafeGuaranteedRef { next in
            environment.prefetch(next.transportAddress)
            environment.prefetch(slices.slices + Int(next.queue.head))
        }
        let afterNext = UnsafeRawPointer(dirtyClients[index + 2].toOpaque())
        environment.prefetch(afterNext)
        environment.prefetch(afterNext + 64)
    }

    /// Says that a client's socket takes bytes again.
    package func socketWritable(_ client: Client) {
        guard client.isBlocked else { return }
        client.isBlocked = false
        clockCredit = 0
        let (waiting, progress) = (client.queue.bytes, client.lastProgress)
        flush(client)
        // It went on waiting; it did not begin to.
        if client.isBlocked, client.queue.bytes == waiting { client.lastProgress = progress }
    }

    /// Writes a client's queue until it is empty or the socket is full.
    func flush(_ client: Client) {
        while !client.queue.isEmpty {
            let offered = client.queue.gather(into: vectors, from: slices)
            counts.pointee.writes += 1
            let outcome = client.transport.write(UnsafeBufferPointer(rebasing: vectors[..<offered.vectors]))
            guard case .wrote(let taken) = outcome else {
                markForClosing(client, .writeError)
                return
            }
            work &+= 3 &+ taken >> 12
            settleWritten(taken, client)
            if taken < offered.bytes {
                block(client)
                return
            }
        }
        publishLength(of: client)
    }

    /// Takes written bytes off the queue and books the deliveries that they finish.
    @inline(__always)
    private func settleWritten(_ taken: Int, _ client: Client) {
        guard taken > 0 else { return }
        let now = clock()
        client.lastProgress = now
        var left = taken
        var written = 0
        while left > 0, !client.queue.isEmpty {
            let head = slices.slices + Int(client.queue.head)
            let size = Int(head.pointee.end - head.pointee.start)
            let scope = head.pointee.scope
            let ingress = head.pointee.batch._withUnsafeGuaranteedRef { $0.ingress }
            let isOwn = head.pointee.isOwn
            if isOwn { observeOwn(head.pointee, upTo: left, now) }
            let finished: Int
            counts.pointee.bytesWritten[Int(scope.rawValue)] &+= UInt64(truncatingIfNeeded: min(left, size))
            if left >= size {
                left -= size
                finished = head.pointee.messages
                if let slice = client.queue.popFirst(in: slices) { finish(slice, nil) }
            } else {
                finished = client.queue.advanceFirst(by: left, in: slices)
                left = 0
            }
            guard finished > 0 else { continue }
            written += finished
            counts.pointee.ledger.write(finished, scope)
            if isOwn { continue }
            counts.pointee.totalLatency[Int(scope.rawValue)].observe(
                now > ingress ? now - ingress : 0,
                count: UInt64(truncatingIfNeeded: finished)
            )
        }
        if written > 0 { counts.pointee.writeBatch.observe(UInt64(truncatingIfNeeded: written)) }
    }

    private func clock() -> UInt64 {
        if clockCredit == 0 {
            clockCredit = writesPerClock
            lastClock = environment.monotonicNanoseconds()
        }
        clockCredit -= 1
        return lastClock
    }

    private func block(_ client: Client) {
        client.isBlocked = true
        client.lastProgress = clock()
        counts.pointee.blockedWrites += 1
        wait(client)
    }

    private func wait(_ client: Client) {
        client.queue.keepOwnCopies(in: slices, batches, growing: replies)
        publishLength(of: client)
    }

    /// Observes how long the frames of a client's own batch took that the next `count` bytes finish: unlike those of a
    /// tick's batch they are of different age.
    private func observeOwn(_ slice: Slice, upTo count: Int, _ now: UInt64) {
        guard !slice.isControl else { return }
        slice.batch._withUnsafeGuaranteedRef { batch in
            let end = UInt32(clamping: min(Int(slice.start) + count, Int(slice.end)))
            var frame = slice.first
            while frame < slice.first + slice.frames, batch.end(ofFrame: frame) <= end {
                let ingress = batch.ingress(ofFrame: frame)
                counts.pointee.totalLatency[Int(slice.scope.rawValue)].observe(now > ingress ? now - ingress : 0)
                frame += 1
            }
        }
    }

    /// Tells other threads how full the queue is, if it is or was not empty.
    @inline(__always)
    func publishLength(of client: Client) {
        guard client.isPublished || !client.queue.isEmpty else { return }
        client.handle.publish(messages: client.queue.messages, bytes: client.queue.bytes)
        client.isPublished = !client.queue.isEmpty
    }

    /// Gives up a slice's reference; its completion learns how it ended.
    @inline(__always)
    func finish(_ slice: Slice, _ error: HubError?) {
        slice.batch._withUnsafeGuaranteedRef { batch in
            if batch.completion != nil { complete(batch, error) }
            batches.release(batch)
        }
    }

    private func complete(_ batch: FrameBatch, _ error: HubError?) {
        let completion = batch.completion
        batch.completion = nil
        completion?(error)
    }

    // MARK: Giving up

    /// Drops everything that waits for a client.
    func discardQueue(of client: Client, _ reason: DropReason) {
        while let slice = client.queue.popFirst(in: slices) {
            counts.pointee.ledger.drop(slice.messages, slice.scope, reason)
            finish(slice, .connectionClosed)
        }
        publishLength(of: client)
    }

    /// Keeps of a queue only the frame that is half on the wire, so that a close frame may follow it.
    package func discardUnbegun(of client: Client, _ reason: DropReason) {
        var kept: Slice?
        if let head = client.queue.popFirst(in: slices) {
            if head.isCut {
                kept = head.part(head.first..<head.first + 1)
                counts.pointee.ledger.drop(head.isControl ? 0 : Int(head.frames) - 1, head.scope, reason)
            } else {
                counts.pointee.ledger.drop(head.messages, head.scope, reason)
                finish(head, .connectionClosed)
            }
        }
        discardQueue(of: client, reason)
        if let kept { client.queue.append(kept, in: slices) }
        publishLength(of: client)
    }

    /// Drops the message that waited longest and is not begun; false when there is none.
    func dropOldest(of client: Client, _ reason: DropReason) -> Bool {
        var passed: [Slice] = []
        var hasDropped = false
        while !hasDropped, let slice = client.queue.popFirst(in: slices) {
            let first = slice.isCut ? slice.first + 1 : slice.first
            let end = slice.first + slice.frames
            guard !slice.isControl, first < end else {
                passed.append(slice)
                continue
            }
            hasDropped = true
            counts.pointee.slowDrops += 1
            counts.pointee.ledger.drop(1, slice.scope, reason)
            var kept = 0
            if slice.isCut {
                passed.append(slice.part(slice.first..<first))
                kept += 1
            }
            if first + 1 < end {
                passed.append(slice.part(first + 1..<end))
                kept += 1
            }
            switch kept {
            case 0: finish(slice, .sendBufferFull)
            case 2: slice.batch._withUnsafeGuaranteedRef { $0.references += 1 }
            default: break
            }
        }
        client.queue.prepend(passed, in: slices)
        return hasDropped
    }
}
