// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import Synchronization

/// The server of ``MemoryBus``: knows who listens to what, and can be made to fail in the ways in which servers fail.
///
/// Works on a thread of its own, or wherever its jobs are run.
package final class MemoryBroker: Sendable {
    /// How it fails.
    package enum Fault: Sendable {
        /// It works.
        case none
        /// It refuses connections; those that stand are cut when this begins.
        case down
        /// It answers nothing, and keeps what it is sent until it thaws.
        case frozen
        /// It takes publications, and loses them.
        case losing
        /// It refuses publications.
        case refusing
    }

    /// One connection.
    final class Session: Sendable {
        struct State {
            var names: Set<BusTopic> = []
            var prefixes: Set<String> = []
        }

        let state = Mutex(State())
        /// Runs something on the adapter's loop.
        let post: @Sendable (@escaping @Sendable (MemoryBus.Incoming) -> Void) -> Void

        init(_ post: @escaping @Sendable (@escaping @Sendable (MemoryBus.Incoming) -> Void) -> Void) {
            self.post = post
        }

        func wants(_ topic: BusTopic) -> Bool {
            state.withLock { state in
                state.names.contains(topic) || state.prefixes.contains { topic.name.utf8.starts(with: $0.utf8) }
            }
        }
    }

    private struct State {
        var sessions: [Session] = []
        var fault = Fault.none
        /// What waits for the thaw.
        var held: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let run: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// Makes a broker that works.
    ///
    /// - Parameter run: Runs a job on the broker's thread, in order.
    package init(run: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.run = run }

    /// How it fails from now on.
    package var fault: Fault {
        get { state.withLock { $0.fault } }
        set { change(to: newValue) }
    }

    /// How many connections stand.
    package var sessionCount: Int { state.withLock { $0.sessions.count } }

    private func change(to fault: Fault) {
        run { [self] in
            let (cut, held) = state.withLock { state in
                state.fault = fault
                var (cut, held): ([Session], [@Sendable () -> Void]) = ([], [])
                if fault == .down {
                    cut = state.sessions
                    state.sessions = []
                    state.held = []
                } else if fault != .frozen {
                    held = state.held
                    state.held = []
                }
                return (cut, held)
            }
            for session in cut { session.post { $0.lost() } }
            for job in held { job() }
        }
    }

    /// Cuts all connections once.
    package func cut() {
        change(to: .down)
        change(to: .none)
    }

    /// Does something on the broker's thread, or when it thaws.
    func submit(_ job: @escaping @Sendable (Fault) -> Void) {
        run { [self] in
            let fault = state.withLock { state -> Fault? in
                guard state.fault == .frozen else { return state.fault }
                state.held.append { [self] in job(self.fault) }
                return nil
            }
            if let fault { job(fault) }
        }
    }

    func connect(_ session: Session) {
        submit { [self] fault in
            guard fault != .down else { return session.post { $0.lost() } }
            state.withLock { $0.sessions.append(session) }
            session.post { $0.connected() }
        }
    }

    func disconnect(_ session: Session) {
        run { [self] in state.withLock { state in state.sessions.removeAll { $0 === session } } }
    }

    /// Hands a message to all who want it.
    func publish(_ topic: BusTopic, _ bytes: [UInt8]) {
        let sessions = state.withLock { $0.sessions }
        for session in sessions where session.wants(topic) { session.post { $0.received(topic, bytes) } }
    }

    /// Publishes as a program would that is no node.
    package func publishBare(_ bytes: [UInt8], to topic: BusTopic) {
        submit { [self] _ in publish(topic, bytes) }
    }
}
