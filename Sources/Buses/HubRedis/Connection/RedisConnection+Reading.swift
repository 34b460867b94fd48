// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import HubLoop

extension RedisConnection {
    /// Stops handing on what comes, from the next reply on: the server's bytes wait here, and then there.
    ///
    /// The end of a paused connection is noticed when something is written, or when reading goes on.
    package func pauseReading() {
        guard !isPaused, state == .open else { return }
        isPaused = true
        updateWatch()
    }

    /// Goes on with what waits, not within this call.
    package func resumeReading() {
        guard isPaused, state != .closed else { return }
        isPaused = false
        // The silence until now was this end's.
        lastReceived = loop.now
        updateWatch()
        if !held.isEmpty || pendingFailure != nil { watch?.continueSoon() }
    }

    package func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if writable {
            isBlocked = false
            updateWatch()
            flush()
        }
        if readable || failed, canRead {
            read()
            if failed, state != .closed, canRead, let watch {
                let number = Socket.pendingError(watch.descriptor)
                if number != 0 { return fail(broken(number)) }
            }
        }
        // The system watches a failed socket no more unless it is told to.
        if failed, state != .closed {
            watch?.watch(readable: false, writable: false)
            updateWatch()
        }
    }

    package func socketContinues() {
        guard state != .closed, !isPaused else { return }
        takeHeld()
        if canRead { read() }
        if pendingFailure != nil, canRead { failAfterWriting() }
    }

    /// Whether the socket may be read: nothing that came before waits.
    private var canRead: Bool { state != .closed && state != .connecting && !isPaused && held.isEmpty }

    func updateWatch() {
        // What is held is not watched for: the connection asks for its turn itself.
        watch?.watch(readable: !isPaused && held.isEmpty, writable: isBlocked)
    }

    /// Reads while there is something to read, and time.
    private func read() {
        guard let watch else { return }
        var count = 0
        repeat {
            switch Socket.read(watch.descriptor, into: readBuffer) {
            case .bytes(let read):
                count = read
                lastReceived = loop.now
                hasReceived = true
                received(UnsafeRawBufferPointer(rebasing: readBuffer[..<read]))
            case .wouldBlock: return
            case .closed: return fail(ended("closed the connection"))
            case .failed(let number): return fail(broken(number))
            }
        } while count == Self.readBytes && canRead && loop.hasTimeLeft(after: 1 + count >> 12)
    }

    /// The socket takes no more, and everything was read that came before: often the server's last word says why.
    func failAfterWriting() {
        if canRead { read() }
        if state != .closed, held.isEmpty || isPaused, let pendingFailure { fail(pendingFailure) }
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard let filter else { return take(bytes) }
        var plaintext: [UInt8] = []
        var failure: RedisError?
        let unsent = writing.count
        do throws(RedisError) {
            // Before anything that is sent in answer to the plaintext.
            try writing.append { output throws(RedisError) in
                try filter.received(bytes, plaintext: &plaintext, output: &output)
            }
        } catch {
            failure = error
        }
        let hasAnswer = writing.count > unsent
        plaintext.withUnsafeBytes { take($0) }
        guard state != .closed else { return }
        if hasAnswer { flush() }
        if hasAnswer, writing.count > mostUnsent { return fail(wantsAnswers) }
        guard let failure else { return }
        // What came before it is handed on first.
        if held.isEmpty { fail(failure) } else { pendingFailure = failure }
    }

    /// How much may wait to be written of one refill and of the filter's answers, which what may be sent does not bound.
    private var mostUnsent: Int { Self.keptBytes + options.maxUnsentBytes }

    /// Who makes TLS answer all the time and does not take the answers.
    private var wantsAnswers: RedisError {
        let message = "has to be answered and does not take the answers: \(writing.count) bytes wait, \(mostUnsent) may"
        return RedisError(.closed, "\(address) \(message)")
    }

    private func takeHeld() {
        var bytes: [UInt8] = []
        swap(&bytes, &held)
        bytes.withUnsafeBytes { take($0) }
        updateWatch()
    }

    /// Hands on the replies in these bytes; holds the rest when reading is paused or the turn is over.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        var (offset, replies) = (0, 0)
        do throws(RedisError) {
            while offset < bytes.count, state != .closed {
                if isPaused { return hold(bytes, from: offset) }
                guard try reader.next(in: bytes, at: &offset, { take($0) }) else { return }
                if let fault { return fail(fault) }
                replies &+= 1
                if replies & 7 == 0, !loop.hasTimeLeft(after: 4), offset < bytes.count {
                    hold(bytes, from: offset)
                    watch?.continueSoon()
                    return
                }
            }
        } catch {
            fail(RedisError(error.code, "\(address): \(error.message)"))
        }
    }

    private func hold(_ bytes: UnsafeRawBufferPointer, from offset: Int) {
        guard state != .closed else { return }
        held.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        updateWatch()
    }

    private func take(_ reply: RESPReply) {
        switch state {
        case .handshaking: takeStep(reply)
        case .open where role == .commands: takeAnswer(reply)
        case .open: takePush(reply)
        case .connecting, .closed: break
        }
    }

    private func takeAnswer(_ reply: RESPReply) {
        guard let command = commands.removeFirst() else { return unasked(reply) }
        handler?.connection(self, answered: command.token, with: reply)
        noteRoom()
    }

    private func takePush(_ reply: RESPReply) {
        if let push = RedisPush(reply) {
            handler?.connection(self, pushed: push)
            // A shard that moves away unsubscribes by itself: that answers nobody.
            guard state == .open, let confirms = push.kind.confirms, commands.first?.expectation == confirms,
                let command = commands.answerFirst()
            else { return }
            handler?.connection(self, answered: command.token, with: reply)
        } else if reply.kind == .error || reply.holds("PONG") || reply[0]?.holds("pong") == true {
            guard let first = commands.first, reply.kind == .error || first.expectation == .pong,
                let command = commands.removeFirst()
            else { return unasked(reply) }
            handler?.connection(self, answered: command.token, with: reply)
        } else {
            return unasked(reply)
        }
        noteRoom()
    }

    /// A server that ends a connection of its own accord may say why.
    private func unasked(_ reply: RESPReply) {
        fault = reply.error(to: "\(address)") ?? RedisError(.badReply, "\(address) sent a reply that nothing asked for")
    }

    private func broken(_ number: Int32) -> RedisError {
        let error = LoopError(errno: number, doing: "\(address) broke the connection")
        let code: RedisError.Code = number == 0 ? .closed : error.code == .timedOut ? .timedOut : .closed
        return RedisError(code, error.message + guess)
    }

    private func ended(_ how: String) -> RedisError {
        let reply = reader.isMidReply ? " in the middle of a reply" : ""
        let place = state == .handshaking ? " during the handshake" : reply
        return RedisError(.closed, "\(address) \(how)\(place)\(guess)")
    }

    /// What may be wrong with a server that has not said a word.
    var guess: String {
        guard state == .handshaking, !hasReceived else { return "" }
        return filter == nil ? " (does this port want TLS?)" : " (does this port speak TLS?)"
    }
}
