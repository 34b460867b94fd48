// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop
import Synchronization

/// Stands between an adapter and its user: writes down what both do, and what an adapter may never do whatever happens.
///
/// Belongs to the adapter's loop.
package final class BusTap: BusAdapter {
    /// One message as it arrived.
    package struct Message: Hashable, Sendable {
        package let topic: [UInt8]
        package let bytes: [UInt8]
    }

    /// Where the connection stands, as far as the adapter told.
    package enum Phase: Sendable {
        case idle, connecting, up, down, closing, closed
    }

    private let inner: any BusAdapter
    private let loop: EventLoop
    private weak var events: (any BusEvents)?
    private let found = Mutex<[String]>([])

    package private(set) var phase = Phase.idle
    /// All that arrived, in order, and how much of it on each name.
    package private(set) var messages: [Message] = []
    private var counts: [[UInt8]: Int] = [:]
    /// What the present connection has not settled yet, and until when it should.
    private var open: [UInt64: UInt64] = [:]
    /// How many were settled, with which failures, and how many successes came after the deadline.
    package private(set) var settledCount = 0
    package private(set) var failures: [BusError] = []
    package private(set) var lateCount = 0
    /// How many were open when their connection ended.
    package private(set) var givenUpCount = 0
    /// The newest generation that was asked for and that was confirmed, in the present connection.
    private var asked: UInt64 = 0
    package private(set) var confirmed: UInt64 = 0
    /// How many messages had arrived when a generation was confirmed.
    private var messagesAtConfirmation: [UInt64: Int] = [:]
    /// How many messages had arrived when the present connection was asked for.
    package private(set) var messagesAtConnect = 0
    package private(set) var (downs, disconnects) = (0, 0)
    /// Why the connection was down, each time.
    package private(set) var faults: [LinkFault] = []
    package var reasons: [LinkFault.Reason] { faults.map(\.reason) }
    /// How many more messages there is room for, where nobody else is told of them; nil for any number.
    package private(set) var room: Int?
    package private(set) var isPaused = false

    /// Watches an adapter.
    package init(_ inner: any BusAdapter, on loop: EventLoop) {
        self.inner = inner
        self.loop = loop
    }

    package var kind: BusKind { inner.kind }
    package var way: String? { inner.way }
    package var isOrdered: Bool { inner.isOrdered }
    package var isBehind: Bool { inner.isBehind }
    /// What the adapter did that none may do; from any thread.
    package var violations: [String] { found.withLock { $0 } }

    /// How many messages arrived on a name.
    package func count(on topic: BusTopic) -> Int { counts[Array(topic.name.utf8)] ?? 0 }

    /// What arrived on a name, from a message of the whole on.
    package func bytes(on topic: BusTopic, from start: Int = 0) -> [[UInt8]] {
        let name = Array(topic.name.utf8)
        return messages[start...].filter { $0.topic == name }.map(\.bytes)
    }

    /// How many publications wait for their settlement.
    package var openCount: Int { open.count }

    /// How many messages had arrived when a generation was confirmed, or a later one.
    package func messages(atConfirmationOf generation: UInt64) -> Int {
        messagesAtConfirmation.filter { $0.key >= generation }.values.min() ?? messages.count
    }

    /// Notes what must not be.
    package func report(_ violation: String) {
        // The first ones say it: an adapter that does it once does it a thousand times.
        found.withLock { if $0.count < 10, !$0.contains(violation) { $0.append(violation) } }
    }

    // MARK: What the adapter is asked

    package func start(_ events: any BusEvents) {
        self.events = events
        inner.start(self)
    }

    /// Begins without anybody else to tell.
    package func start() { inner.start(self) }

    package func connect() {
        phase = .connecting
        messagesAtConnect = messages.count
        (asked, confirmed) = (0, 0)
        messagesAtConfirmation = [:]
        inner.connect()
    }

    package func disconnect() {
        disconnects += 1
        leave(.idle)
        inner.disconnect()
    }

    package func want(_ change: InterestChange) {
        asked = change.generation
        inner.want(change)
    }

    package func publish(_ batch: [Outgoing]) {
        for message in batch { open[message.id] = message.deadline }
        inner.publish(batch)
    }

    package func resume() {
        room = nil
        resumeInner()
    }

    /// Takes so many more messages, and pauses then.
    package func resume(for count: Int) {
        room = count
        resumeInner()
    }

    private func resumeInner() {
        isPaused = false
        inner.resume()
    }

    package func close(_ done: @escaping () -> Void) {
        leave(.closing)
        inner.close { [self] in
            guard isOnLoop("called back from close") else { return }
            if phase == .closed { report("close called back twice") }
            phase = .closed
            done()
        }
    }

    private func leave(_ phase: Phase) {
        self.phase = phase
        isPaused = false
        // Those that are closing may still be settled, once.
        guard phase != .closing else { return }
        givenUpCount += open.count
        open = [:]
    }

    private func isOnLoop(_ what: String) -> Bool {
        if !loop.isCurrent { report("\(what) on another thread than the loop's") }
        return loop.isCurrent
    }

    /// Whether something may be told in the present phase.
    private func may(_ what: String, in phases: Phase...) -> Bool {
        guard isOnLoop("told \(what)") else { return false }
        if !phases.contains(phase) { report("told \(what) while \(phase)") }
        return phases.contains(phase)
    }
}

extension BusTap: BusEvents {
    package func received(_ message: Received) -> Bool {
        guard may("of a message", in: .up, .closing) else { return true }
        if isPaused { report("told of a message before it was told to resume") }
        let copy = Message(topic: Array(message.topic), bytes: Array(message.bytes))
        counts[copy.topic, default: 0] += 1
        messages.append(copy)
        if let left = room { room = max(0, left - 1) }
        let hasRoom = events?.received(message) ?? (room.map { $0 > 0 } ?? true)
        if !hasRoom { isPaused = true }
        return hasRoom
    }

    package func settled(_ id: UInt64, _ error: BusError?) {
        guard may("of a settled publication", in: .up, .closing) else { return }
        guard let deadline = open.removeValue(forKey: id) else {
            return report("settled a publication twice, or one that it was not given")
        }
        settledCount += 1
        if let error { failures.append(error) }
        if error == nil, loop.clock.now().nanoseconds > deadline { lateCount += 1 }
        events?.settled(id, error)
    }

    package func confirmed(_ generation: UInt64) {
        guard may("of a confirmation", in: .up, .closing) else { return }
        if generation > asked { report("confirmed a generation that it was not asked for") }
        if generation < confirmed { report("confirmed an earlier generation after a later one") }
        confirmed = max(confirmed, generation)
        if messagesAtConfirmation[generation] == nil { messagesAtConfirmation[generation] = messages.count }
        events?.confirmed(generation)
    }

    package func interestRefused(_ topic: BusTopic, _ reason: String) {
        guard may("of a refused interest", in: .up, .closing) else { return }
        report("refused an interest: \(reason)")
        events?.interestRefused(topic, reason)
    }

    package func link(_ state: LinkState) {
        switch state {
        case .authenticating:
            guard may("that the server was reached", in: .connecting, .closing) else { return }
        case .connected:
            guard may("that it is connected", in: .connecting, .closing) else { return }
            if phase == .connecting { phase = .up }
        case .down(let fault):
            guard may("that it is down", in: .connecting, .up, .closing) else { return }
            downs += 1
            faults.append(fault)
            if phase != .closing { leave(.down) }
        }
        events?.link(state)
    }
}
