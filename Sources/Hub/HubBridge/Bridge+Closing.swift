// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubWire

/// The end of a node's part in the bus.
extension Bridge {
    /// Sends what waits, says that this node leaves, and closes the bus.
    ///
    /// - Parameter done: Called once, within ``BridgeSettings/closeTimeout`` and what the adapter takes to close.
    package func close(_ done: @escaping () -> Void) {
        guard !hasEnded else { return done() }
        closings.append(done)
        switch phase {
        case .leaving, .closed: return
        case .starting(_, let whenDone):
            leave()
            whenDone(.closed)
        case .idle, .serving, .refused: leave()
        }
    }

    private func leave() {
        outbox.isAvailable = false
        outbox.keepsPublications = false
        phase = .leaving(deadline: clock.monotonic() &+ settings.closeTimeout, hasAnnounced: false)
    }

    var leaveDeadline: UInt64 {
        if case .leaving(let deadline, _) = phase { deadline } else { .max }
    }

    /// Goes on with leaving.
    ///
    /// - Parameter hasSentAll: Whether nothing waits in the outbox, or for the bus to be back.
    func tickLeaving(_ now: UInt64, hasSentAll: Bool) {
        guard case .leaving(let deadline, let hasAnnounced) = phase else { return }
        if link.takesPublications, now < deadline {
            guard hasSentAll else { return }
            if !hasAnnounced {
                phase = .leaving(deadline: deadline, hasAnnounced: true)
                return announce(.leaving)
            }
            guard link.isSettled else { return }
        }
        end()
    }

    private func end() {
        phase = .closed
        var left = outbox.close()
        for mailbox in commands.indices {
            left += commands[mailbox].reversed()
            commands[mailbox] = []
        }
        link.close { [self] in
            hasEnded = true
            let closings = closings
            self.closings = []
            for done in closings { done() }
        }
        for command in left { fail(command) }
        while buffer.popFirst() != nil { link.refused(1) }
        link.refused(outbox.takeRefused())
        requests.expire(.max)
        for name in interest.takeLate(at: .max) { hub.settle(name, isConfirmed: false) }
    }

    /// Answers whoever waits for what will not be done.
    private func fail(_ command: Outbox.Command) {
        switch command {
        case .publish(_, let answer):
            link.refused(1)
            answer?.complete(.error(MessageError(.busUnavailable, BusError.closed.message)))
        case .forward(_, _, let completion): completion(.busUnavailable)
        case .interest(let name): hub.settle(name, isConfirmed: false)
        }
    }
}
