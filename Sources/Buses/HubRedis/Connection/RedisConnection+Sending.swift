// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
internal import HubLoop

/// The three kinds of subscription that Redis has.
package enum RedisSubscriptionKind: Sendable {
    /// To channels by their names.
    case channel
    /// To all channels that a pattern matches.
    case pattern
    /// To channels of the server's own shard of a cluster.
    case shard
}

extension RedisConnection {
    /// Sends a command that has one reply.
    ///
    /// - Parameter token: What the handler gets back with the answer.
    /// - Throws: ``RedisError`` `.closed`, `.full`, `.tooLarge`, `.outOfMemory`, `.refused` for one that this
    ///   connection is not for; then nothing is sent.
    package func send(_ command: RedisCommand, token: UInt64) throws(RedisError) {
        try checkRoom(for: .commands)
        try gathered.append(command)
        expect(token, .reply)
    }

    /// Publishes an envelope, whose answer is the number of receivers on that server.
    ///
    /// - Parameter channel: The channel's whole name, any bytes.
    /// - Parameter token: What the handler gets back with the answer.
    /// - Throws: ``RedisError``, as ``send(_:token:)`` does.
    /// - Complexity: No allocation; a copy of the payload, unless it has 4 KiB or more: then it is kept until it is written.
    package func publish(
        _ command: PublishCommand = .publish,
        to channel: [UInt8],
        _ envelope: EncodedEnvelope,
        token: UInt64
    ) throws(RedisError) {
        try checkRoom(for: .commands)
        try gathered.append(command, channel: channel, envelope)
        expect(token, .reply)
    }

    /// Subscribes to channels or patterns; again is no fault.
    ///
    /// - Throws: ``RedisError``, as ``send(_:token:)`` does; `.refused` for no channel at all.
    package func subscribe(
        _ kind: RedisSubscriptionKind,
        to channels: [[UInt8]],
        token: UInt64
    ) throws(RedisError) {
        switch kind {
        case .channel: try send("SUBSCRIBE", channels, token, .subscribed)
        case .pattern: try send("PSUBSCRIBE", channels, token, .patternSubscribed)
        case .shard: try send("SSUBSCRIBE", channels, token, .shardSubscribed)
        }
    }

    /// Ends subscriptions; one that does not exist is no fault.
    ///
    /// - Throws: ``RedisError``, as ``send(_:token:)`` does; `.refused` for no channel at all.
    package func unsubscribe(
        _ kind: RedisSubscriptionKind,
        from channels: [[UInt8]],
        token: UInt64
    ) throws(RedisError) {
        switch kind {
        case .channel: try send("UNSUBSCRIBE", channels, token, .unsubscribed)
        case .pattern: try send("PUNSUBSCRIBE", channels, token, .patternUnsubscribed)
        case .shard: try send("SUNSUBSCRIBE", channels, token, .shardUnsubscribed)
        }
    }

    /// Asks the server for a sign of life, on a connection of either role.
    ///
    /// - Throws: ``RedisError``, as ``send(_:token:)`` does.
    package func ping(token: UInt64) throws(RedisError) {
        try checkRoom(for: role)
        try gathered.append(RedisCommand("PING"))
        expect(token, role == .commands ? .reply : .pong)
    }

    private func send(
        _ name: String,
        _ channels: [[UInt8]],
        _ token: UInt64,
        _ expectation: UnansweredCommands.Expectation
    ) throws(RedisError) {
        try checkRoom(for: .subscriptions)
        guard let count = Int32(exactly: channels.count), count > 0 else {
            throw RedisError(.refused, "\(name) of \(channels.count) channels")
        }
        var command = RedisCommand(name)
        for channel in channels { command.append(channel) }
        try gathered.append(command)
        expect(token, expectation, replies: count)
    }

    private func checkRoom(for role: Role) throws(RedisError) {
        guard state == .open, pendingFailure == nil else { throw RedisError(.closed, "the connection is not open") }
        guard role == self.role else { throw RedisError(.refused, "the connection is for other commands") }
        guard !isFull else { throw RedisError(.full, "too much waits to be sent or answered") }
    }

    private func expect(_ token: UInt64, _ expectation: UnansweredCommands.Expectation, replies: Int32 = 1) {
        commands.append(.init(token: token, sent: loop.now, missing: replies, expectation: expectation))
        isFull = unsentBytes >= options.maxUnsentBytes || commands.count >= options.maxUnanswered
        guard !isBlocked else { return }
        if !isFlushPosted { isFlushPosted = loop.post(flushJob) }
        if gathered.count >= Self.keptBytes { write() }
    }

    // MARK: Writing

    /// Writes what was sent so far, as much as the socket takes; otherwise that happens at the end of the tick.
    ///
    /// May tell the handler that there is room again.
    package func flush() {
        isFlushPosted = false
        write()
        updateWatch()
        noteRoom()
    }

    /// Writes as much as the socket takes; whoever waits for room is told later.
    private func write() {
        guard state == .handshaking || state == .open, pendingFailure == nil, let watch else { return }
        while !isBlocked {
            if writing.isEmpty {
                guard refill() else { return }
            }
            let (offered, result) = writing.withPieces { pieces in
                (pieces.reduce(0) { $0 + $1.count }, Socket.write(watch.descriptor, pieces: pieces))
            }
            switch result {
            case .bytes(let count):
                writing.wrote(count)
                isBlocked = count < offered
            case .wouldBlock: isBlocked = true
            case .closed: return stopWriting(RedisError(.closed, "\(address) closed the connection"))
            case .failed(let number):
                let error = LoopError(errno: number, doing: "write to \(address)")
                return stopWriting(RedisError(error.code == .timedOut ? .timedOut : .closed, error.message))
            }
        }
    }

    /// Makes what was gathered what is written next; whether there is anything.
    private func refill() -> Bool {
        // A large one is kept as long as it is filled, as the memory of a new one costs more than what is copied into it.
        writing.removeAll(keeping: max(Self.keptBytes, 4 * writing.writtenCommands))
        guard !gathered.isEmpty else { return false }
        guard let filter else {
            swap(&writing, &gathered)
            return true
        }
        do throws(RedisError) {
            // Not all at once: what waits is held in clear then, large payloads where they are, and not another time encrypted.
            while !gathered.isEmpty, writing.count < Self.keptBytes { try refill(through: filter) }
            if gathered.isEmpty { gathered.removeAll(keeping: Self.keptBytes) }
        } catch {
            stopWriting(error)
            return false
        }
        return !writing.isEmpty
    }

    /// Encrypts some of what was gathered, until ``keptBytes`` wait to be written.
    private func refill(through filter: any ByteFilter) throws(RedisError) {
        var sent = 0
        let failure = gathered.withPieces { pieces -> RedisError? in
            do throws(RedisError) {
                for piece in pieces where writing.count < Self.keptBytes {
                    let count = min(piece.count, Self.keptBytes - writing.count)
                    let bytes = UnsafeRawBufferPointer(start: piece.start, count: count)
                    try writing.append { output throws(RedisError) in try filter.send(bytes, output: &output) }
                    sent += count
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        gathered.wrote(sent)
    }

    /// Notes that nothing can be written any more.
    ///
    /// The handler is told when what has come is read: in a job, not within a send.
    private func stopWriting(_ error: RedisError) {
        pendingFailure = error
        isBlocked = false
        updateWatch()
        let bound = LoopBound(self, on: loop)
        loop.post { bound.value.failAfterWriting() }
    }

    /// Tells the handler of room when half of it is free again.
    func noteRoom() {
        guard isFull, state == .open, unsentBytes <= options.maxUnsentBytes / 2,
            commands.count <= options.maxUnanswered / 2
        else { return }
        isFull = false
        handler?.connectionHasRoom(self)
    }
}
