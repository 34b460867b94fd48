// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLoop

extension RedisConnection {
    func connected(_ result: Result<Int32, LoopError>) {
        connector = nil
        guard state == .connecting else {
            if case .success(let descriptor) = result { Socket.close(descriptor) }
            return
        }
        switch result {
        case .failure(let error):
            fail(RedisError(error.code == .timedOut ? .timedOut : .connectFailed, error.message))
        case .success(let descriptor):
            do throws(LoopError) {
                watch = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
            } catch {
                Socket.close(descriptor)
                return fail(RedisError(.connectFailed, error.message))
            }
            shakeHands()
        }
    }

    private func shakeHands() {
        state = .handshaking
        lastReceived = loop.now
        loop.schedule(timer, after: options.handshakeTimeout)
        stepsLeft = handshake.allSteps.reversed()
        do throws(RedisError) {
            if let filter {
                try writing.append { output throws(RedisError) in try filter.start(output: &output) }
            }
            for step in stepsLeft.reversed() { try gathered.append(step.command) }
        } catch {
            return fail(error)
        }
        updateWatch()
        flush()
    }

    /// Takes an answer of the handshake.
    func takeStep(_ reply: RESPReply) {
        guard let step = stepsLeft.popLast() else { return }
        if let failure = handshake.failure(of: step, reply: reply, at: "\(address)") {
            fault = failure
        } else if stepsLeft.isEmpty {
            state = .open
            loop.cancel(timer)
            handler?.connectionOpened(self)
        }
    }

    package func timerFired(_ timer: LoopTimer) {
        guard state == .handshaking else { return }
        // The answer may have come, and the loop had no time for it.
        if watch?.isPending == true { return loop.schedule(timer, after: .milliseconds(100)) }
        let step = stepsLeft.last.map { "to \($0.command) " } ?? ""
        // A server that is frozen is silent too, and wants no TLS for it.
        let guess = filter == nil ? "" : guess
        let message = "\(address) is connected and gave no answer \(step)in \(options.handshakeTimeout)\(guess)"
        fail(RedisError(.timedOut, message))
    }
}
