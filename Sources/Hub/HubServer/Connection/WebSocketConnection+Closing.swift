// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubWire

extension WebSocketConnection {
    /// Tells the client that it will be closed for a drain.
    func announceDrain(_ retryAfterMilliseconds: Int64) {
        guard phase == .open else { return }
        worker.common.receiver.draining(
            client,
            on: worker.shard,
            retryAfterMilliseconds: retryAfterMilliseconds
        )
    }

    func close(_ reason: CloseReason) {
        guard phase == .open else { return }
        guard reason.closeCode != nil else { return end(reason) }
        beginClose(reason, text: reason.text)
    }

    /// Queues our close frame behind what waits, and gives the peer time to answer it; until then its bytes are thrown away.
    private func beginClose(_ reason: CloseReason, text: String) {
        guard phase == .open else { return }
        phase = .closing
        self.reason = reason
        hasFailed = !receiver.skipToClose()
        worker.shard.beginClosing(client, reason)
        sendClose(reason.closeCode ?? WebSocketCloseCode.normal, text)
        worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
    }

    func peerCloses(_ code: UInt16?) {
        switch phase {
        case .open:
            reason = CloseReason(clientCode: code)
            worker.shard.beginClosing(client, reason)
            sendClose(code ?? 0, "")
            worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
        case .broken: return end(CloseReason(clientCode: code))
        case .closing: break
        case .finishing, .closed: return
        }
        phase = .finishing
        worker.finishAtTick(self)
    }

    /// - Parameter code: 0 sends a close frame without a code.
    private func sendClose(_ code: UInt16, _ text: String) {
        let payload = WebSocketCloseCode.isSendable(code) ? [UInt8(code >> 8), UInt8(code & 0xFF)] + text.utf8 : []
        payload.withUnsafeBytes { worker.shard.control(WebSocketOpcode.close.rawValue, $0, to: client) }
    }

    /// A drain writes what waits for as long as it may take itself; otherwise the time for a close is over.
    func closeTimedOut() {
        if worker.drain != nil, client.isWaiting {
            worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
        } else {
            end(reason)
        }
    }

    /// Ends the socket once both close frames are through.
    ///
    /// - Returns: False when our frame waits for its turn to be written, so that this has to be called again.
    func finishIfFlushed() -> Bool {
        // A socket that takes nothing says when it does again.
        guard client.isFlushed else { return client.isWaiting }
        if phase == .finishing { end(reason) }
        return true
    }

    /// Ends the socket at once.
    func abort(_ reason: CloseReason) { end(phase == .open ? reason : self.reason) }

    func end(_ reason: CloseReason) {
        guard phase != .closed else { return }
        phase = .closed
        worker.loop.cancel(timer)
        worker.counts.pointee.closed.count(reason)
        let duration = worker.now &- openedAt
        worker.counts.pointee.connectionDuration.observe(duration)
        worker.common.connectionLog.closed(
            client.id,
            peer,
            reason,
            after: Duration(wholeNanoseconds: duration),
            extras?.traffic
        )
        // Its topics are left now or soon.
        _ = worker.loop.hasTimeLeft(after: 4 + min(client.subscriptionCount, 64) / 2)
        worker.shard.detach(client, reason == .writeError ? .writeError : .closed)
        worker.noteUnfinished(self, false)
        watch.close()
        worker.forget(self)
    }

    /// Begins to close; reading goes on, for a peer that is still sending would lose our close frame to a reset.
    func fail(_ error: WebSocketError) {
        worker.common.log.debug(
            "protocol violation",
            [LogField("peer", peer.description), LogField("error", error.message)]
        )
        if phase == .broken { return end(reason) }
        switch error.closeCode {
        case WebSocketCloseCode.messageTooBig: beginClose(.tooLarge, text: error.message)
        case WebSocketCloseCode.invalidPayload: beginClose(.invalidPayload, text: error.message)
        default: beginClose(.protocolError, text: error.message)
        }
        if error.code.isOfCloseFrame {
            phase = .finishing
            worker.finishAtTick(self)
        }
        hasFailed = !receiver.skipToClose()
    }

    /// A peer that answers our close frame sends nothing behind its own.
    func lookForClose(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .closing, let code = reason.closeCode, WebSocketReceiver.endsWithClose(bytes, code: code) else {
            return
        }
        peerCloses(code)
    }
}
