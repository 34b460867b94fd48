// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import HubLog
package import HubLoop
import HubMetrics

/// One node's adapter on a loop with a thread of its own, alone or behind a ``HubBus/BusLink`` that it drives.
///
/// All but ``loop``, ``id``, ``run(_:)``, ``wait(for:until:)`` and ``finish()`` is touched on that thread only.
package final class BusLoopHarness: @unchecked Sendable {
    private struct Wait {
        let condition: (BusLoopHarness) -> Bool
        let timer: LoopTimer
        let continuation: CheckedContinuation<Bool, Never>
    }

    package let loop: EventLoop
    package let id: String
    /// How long a condition is waited for.
    let patience: Duration
    /// Waits until what was confirmed is known at all servers; see ``BusContract``.
    let spread: BusContract.Faults.Action?
    package let tap: BusTap
    /// What the tap is driven by; nil where a test drives the adapter itself.
    package let link: BusLink?
    package let sink = RecordingBusSink()
    package let answers: RecordingAnswers
    /// Does what is to be done in each tick, before the link's.
    package var pump: (() -> Void)?
    /// The id of the next publication and the newest generation, where there is no link that counts.
    var nextPublication: UInt64 = 1
    var generation: UInt64 = 0
    var hasStarted = false
    private(set) var isClosed = false
    /// Kept, as the metrics do not keep it.
    private let registry: Registry
    private let writer: EnvelopeWriter
    private var sequences = SequenceBook()
    private var waits: [UInt64: Wait] = [:]
    private var nextWait: UInt64 = 0

    /// Makes an adapter, and a link if it has settings, and starts the thread; end it by ``finish()``.
    package init(
        _ id: String,
        patience: Duration,
        link settings: BusLink.Settings?,
        spread: BusContract.Faults.Action? = nil,
        adapter: (EventLoop) -> any BusAdapter
    ) throws {
        let loop = try EventLoop()
        let clock = BusClock(
            monotonic: { loop.clock.now().nanoseconds },
            unixMicroseconds: BusClock.system.unixMicroseconds
        )
        let identity = NodeIdentity(id: id)
        self.loop = loop
        self.id = id
        self.patience = patience
        self.spread = spread
        answers = RecordingAnswers(clock: clock.monotonic)
        writer = EnvelopeWriter(identity)
        let registry = Registry()
        self.registry = registry
        let tap = BusTap(adapter(loop), on: loop)
        self.tap = tap
        link = settings.map { settings in
            let metrics = BusMetrics(registry: registry, fixed: FixedBusMetrics(registry), bus: tap.kind, mode: "test")
            return BusLink(
                tap,
                identity: identity,
                settings: settings,
                metrics: metrics,
                logger: Logger(sink: MemorySink()),
                clock: clock
            )
        }
        link?.sink = sink
        watchReadiness()
        loop.onTick = { [unowned self] in tick() }
        try loop.start(name: "bus")
    }

    /// What a node that reports ready must have seen: a message to itself, in this connection.
    private func watchReadiness() {
        sink.onFlow = { [tap, inbox] isReady in
            let isOwn: (BusTap.Message) -> Bool = { $0.topic.elementsEqual(inbox.name.utf8) }
            if isReady, !tap.messages[tap.messagesAtConnect...].contains(where: isOwn) {
                tap.report("ready before a message to itself came back")
            }
        }
    }

    /// The node's own inbox.
    package var inbox: BusTopic { .node(id) }

    // MARK: From any thread

    /// Does something on the loop.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable (BusLoopHarness) -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isPosted = loop.post { [self] in continuation.resume(returning: body(self)) }
            if !isPosted { continuation.resume(throwing: BusContractEnd("the loop had ended")) }
        }
    }

    /// Waits until a condition holds, which is looked at after each tick of the loop.
    ///
    /// - Throws: ``BusContractEnd`` when it did not come to hold in time.
    package func wait(
        for what: String,
        until condition: @escaping @Sendable (BusLoopHarness) -> Bool
    ) async throws {
        let holds = await withCheckedContinuation { continuation in
            let isPosted = loop.post { [self] in add(condition, continuation) }
            if !isPosted { continuation.resume(returning: false) }
        }
        guard !holds else { return }
        let state = try await run {
            "\($0.tap.phase), after \($0.tap.downs) ends: \($0.tap.faults.suffix(3).map(\.message))"
        }
        throw BusContractEnd("\(what): not within \(patience); the adapter is \(state)", isTimeout: true)
    }

    /// Closes what is not closed yet, ends the thread, and says what the adapter did that none may do.
    package func finish() async throws -> [BusContract.Violation] {
        try await run { node in
            node.pump = nil
            guard node.tap.phase != .closing, node.tap.phase != .closed else { return }
            node.close()
        }
        var violations: [BusContract.Violation] = []
        do {
            try await wait(for: "close calls back") { $0.isClosed }
        } catch let end as BusContractEnd {
            violations.append(end.violation)
        }
        loop.stop()
        let fault = try await Blocking.run { [loop] in loop.join() }
        if let fault { violations.append(BusContract.Violation("the loop ended with \(fault)")) }
        return tap.violations.map { BusContract.Violation($0) } + violations
    }

    // MARK: On the loop

    /// Closes the link, or the adapter.
    package func close() {
        if let link { return link.close { [self] in isClosed = true } }
        if !hasStarted { tap.start() }
        hasStarted = true
        tap.close { [self] in isClosed = true }
    }

    /// Publishes an envelope through the link, numbered as a node does.
    package func publish(_ topic: BusTopic) {
        var fields = EnvelopeWriter.Fields(.publication, to: topic)
        let position = sequences.next(topic)
        fields.epoch = position.epoch
        fields.sequence = position.sequence
        fields.publishTime = BusClock.system.unixMicroseconds()
        link?.publish(writer.encode(fields), to: topic, answers.next())
    }

    private func tick() {
        pump?()
        if let link {
            let deadline = link.tick(loop.clock.now().nanoseconds)
            loop.nextTick = deadline == .max ? nil : MonotonicTime(nanoseconds: deadline)
        }
        for (number, wait) in waits where wait.condition(self) { end(number, true) }
    }

    private func add(_ condition: @escaping (BusLoopHarness) -> Bool, _ continuation: CheckedContinuation<Bool, Never>)
    {
        nextWait += 1
        let number = nextWait
        let timer = LoopTimer { [unowned self] in end(number, false) }
        loop.schedule(timer, after: patience)
        waits[number] = Wait(condition: condition, timer: timer, continuation: continuation)
    }

    private func end(_ number: UInt64, _ holds: Bool) {
        guard let wait = waits.removeValue(forKey: number) else { return }
        loop.cancel(wait.timer)
        wait.continuation.resume(returning: holds)
    }
}

/// Ends a check: something that had to happen did not.
package struct BusContractEnd: Error, CustomStringConvertible {
    let violation: BusContract.Violation

    /// Says what did not happen.
    init(_ what: String, isTimeout: Bool = false) {
        violation = BusContract.Violation(what, isTimeout: isTimeout)
    }

    package var description: String { violation.description }
}
