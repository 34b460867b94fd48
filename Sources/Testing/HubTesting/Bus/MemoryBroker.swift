// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop
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

    /// What kind of server it is.
    package struct Options: Sendable {
        /// The most bytes of a message; nil for no limit.
        package var maxPayload: Int?
        /// Whether a node that was away gets what came meanwhile.
        package var keepsMessages = false
        /// What adapters say of the order; messages arrive in order either way.
        package var isOrdered = true

        /// No limit, and nothing is kept.
        package init() {}
    }

    struct Message: Sendable {
        let position: UInt64
        let topic: BusTopic
        let bytes: [UInt8]
    }

    private struct State {
        var sessions: [MemorySession] = []
        var fault = Fault.none
        /// What waits for the thaw.
        var held: [@Sendable () -> Void] = []
        var position: UInt64 = 0
        var kept: [Message] = []
    }

    let options: Options
    private let state = Mutex(State())
    private let run: @Sendable (@escaping @Sendable () -> Void) -> Void
    private let loop: EventLoop?

    /// Makes a broker that works where its jobs are run.
    ///
    /// - Parameter run: Runs a job on the broker's thread, in order.
    package init(options: Options = Options(), run: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.options = options
        self.run = run
        loop = nil
    }

    /// Makes a broker with a thread of its own, which ``stop()`` ends.
    package init(options: Options = Options()) throws(LoopError) {
        let loop = try EventLoop()
        try loop.start(name: "broker")
        self.options = options
        self.loop = loop
        run = { job in loop.post(job) }
    }

    deinit { stop() }

    /// Ends its thread, if it has one.
    package func stop() { loop?.stop() }

    /// How it fails from now on; takes effect on its thread.
    package var fault: Fault {
        get { state.withLock { $0.fault } }
        set { run { [self] in change(to: newValue) } }
    }

    /// Lets it fail, or work again, and returns when it does; only for a broker with a thread.
    package func apply(_ fault: Fault) async {
        await withCheckedContinuation { continuation in
            run { [self] in
                change(to: fault)
                continuation.resume()
            }
        }
    }

    /// How many connections stand.
    package var sessionCount: Int { state.withLock { $0.sessions.count } }

    private func change(to fault: Fault) {
        let (cut, held) = state.withLock { state in
            state.fault = fault
            var (cut, held): ([MemorySession], [@Sendable () -> Void]) = ([], [])
            if fault == .down {
                swap(&cut, &state.sessions)
                state.held = []
            } else if fault != .frozen {
                swap(&held, &state.held)
            }
            return (cut, held)
        }
        for session in cut {
            session.end(isCut: true)
            session.post { $0.lost() }
        }
        for job in held { job() }
    }

    /// Whether a connection listens to a name, as far as the server knows.
    package func isWanted(_ topic: BusTopic) -> Bool {
        state.withLock { $0.sessions }.contains { $0.wants(topic) }
    }

    /// Cuts all connections once.
    package func cut() {
        fault = .down
        fault = .none
    }

    /// Publishes as a program would that is no node.
    package func publishBare(_ bytes: [UInt8], to topic: BusTopic) {
        submit { [self] _ in publish(topic, bytes) }
    }

    // MARK: What connections ask

    /// Does something on the broker's thread, or when it thaws.
    private func submit(_ job: @escaping @Sendable (Fault) -> Void) {
        run { [self] in
            let fault = state.withLock { state -> Fault? in
                guard state.fault == .frozen else { return state.fault }
                state.held.append { [self] in job(self.fault) }
                return nil
            }
            if let fault { job(fault) }
        }
    }

    func connect(_ session: MemorySession) {
        submit { [self] fault in
            guard fault != .down else { return session.post { $0.lost() } }
            guard session.begin() else { return }
            let position = state.withLock { state in
                state.sessions.append(session)
                return state.position
            }
            session.post { $0.connected(position) }
        }
    }

    func disconnect(_ session: MemorySession) {
        run { [self] in
            session.end(isCut: false)
            state.withLock { state in state.sessions.removeAll { $0 === session } }
        }
    }

    func change(_ change: InterestChange, of session: MemorySession) {
        submit { [self] _ in
            let isFirst = session.apply(change)
            if isFirst, let position = session.resumesAfter {
                let missed = state.withLock { state in state.kept.filter { $0.position > position } }
                for message in missed where session.wants(message.topic) { session.post { $0.received(message) } }
            }
            session.post { $0.confirmed(change.generation) }
        }
    }

    func publish(_ batch: [Outgoing], of session: MemorySession) {
        submit { [self] fault in
            // What was on its way when the connection was cut is lost.
            guard !session.isCut else { return }
            for message in batch {
                if fault == .refusing {
                    session.post { $0.settled(message.id, BusError(.rejected, "refused by the test")) }
                } else if let limit = options.maxPayload, message.envelope.count > limit {
                    session.post { $0.settled(message.id, BusError(.tooLarge, "more than \(limit) bytes")) }
                } else {
                    if fault != .losing { publish(message.topic, message.envelope.bytes) }
                    session.post { $0.settled(message.id, nil) }
                }
            }
        }
    }

    /// Hands a message to all who want it.
    private func publish(_ topic: BusTopic, _ bytes: [UInt8]) {
        let (sessions, message) = state.withLock { state in
            state.position += 1
            let message = Message(position: state.position, topic: topic, bytes: bytes)
            if options.keepsMessages { state.kept.append(message) }
            return (state.sessions, message)
        }
        for session in sessions where session.wants(topic) { session.post { $0.received(message) } }
    }
}
