// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

extension HTTPConnection {
    /// The peer sends no more; whoever still gets an answer is not done.
    func peerEnded() {
        hasPeerEnded = true
        switch state {
        case .reading:
            if parser.isMidHead { worker.reject(peer, .aborted) }
            close()
        case .receiving:
            worker.reject(peer, .aborted)
            close()
        case .waiting, .writing: look()
        case .lingering, .closed: close()
        }
    }

    /// The connection broke: a request that came before will not be answered.
    func broken() {
        let isOwed =
            switch state {
            case .receiving, .waiting: true
            case .reading: parser.isMidHead || !early.isEmpty || hasUnreadBytes
            case .writing, .lingering, .closed: false
            }
        if isOwed { worker.reject(peer, .aborted) }
        close()
    }

    private var hasUnreadBytes: Bool {
        guard case .bytes(let count) = Socket.read(descriptor, into: worker.readBuffer) else { return false }
        worker.counts.pointee.bytesRead += UInt64(count)
        return true
    }

    func linger() {
        state = .lingering
        early = []
        Socket.shutdownWrite(descriptor)
        let isRefused = place?.isRefused ?? false
        lingerEnd = worker.loop.now + (isRefused ? Self.refusedLimit : Self.lingerLimit)
        look()
        scheduleLinger()
    }

    func scheduleLinger() {
        schedule(at: min(worker.loop.now + Self.lingerSilence, lingerEnd))
    }

    /// Ends the connection at once.
    func close() {
        if case .waiting(let exchange) = state, exchange.number != 0 {
            worker.dropAnswer(exchange.number)
            worker.counts.pointee.requestsInFlight -= 1
        }
        if case .closed = state { return }
        if let refusal { worker.reject(peer, refusal) }
        refusal = nil
        state = .closed
        upload = nil
        output = HTTPOutput()
        stopTimer()
        watch?.close()
        watch = nil
        worker.forget(self)
    }
}
