// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLog
import HubLoop
import HubMetrics

/// A ``HubBus/BusLink`` over a ``ScriptedBus``, on the test's own thread, with clocks that the test moves.
package final class LinkHarness {
    package let bus: ScriptedBus
    package let link: BusLink
    package let sink = RecordingBusSink()
    package let answers: RecordingAnswers
    package let log: MemorySink
    package let clock = VirtualClock()
    /// When the link wants to be called again, by its last tick.
    package private(set) var deadline = UInt64.max
    private var hasStarted = false
    private let registry = Registry()
    private let writer: EnvelopeWriter

    /// What the wall clock shows, microseconds, when the other one shows 1 s.
    package static let start: Int64 = 1_700_000_000_000_000

    /// Makes a link that begins by ``start()``, or by ``becomeReady()``.
    package init(kind: BusKind = .redis, settings: BusLink.Settings = BusLink.Settings()) {
        let (clock, log, identity) = (clock, MemorySink(), NodeIdentity(id: "me", incarnation: 1))
        let busClock = BusClock(
            monotonic: { clock.now().nanoseconds },
            unixMicroseconds: { Self.start + Int64(clamping: clock.now().nanoseconds / 1000) - 1_000_000 }
        )
        self.log = log
        bus = ScriptedBus(kind: kind)
        writer = EnvelopeWriter(NodeIdentity(id: "other", incarnation: 2))
        answers = RecordingAnswers(clock: busClock.monotonic)
        link = BusLink(
            bus,
            identity: identity,
            settings: settings,
            metrics: BusMetrics(registry: registry, fixed: FixedBusMetrics(registry), bus: kind, mode: "test"),
            logger: Logger(level: .debug, sink: log),
            clock: busClock
        )
        link.sink = sink
    }

    /// Begins, with nobody who answers yet.
    package func start() {
        hasStarted = true
        link.start()
    }

    /// Lets the link do what there is to do, after some time.
    package func tick(after duration: Duration = .zero) {
        clock.advance(by: duration)
        deadline = link.tick(clock.now().nanoseconds)
    }

    /// The time, nanoseconds.
    package var now: UInt64 { clock.now().nanoseconds }

    /// How long after now the link wants to be called again.
    package var wait: Duration { .nanoseconds(Int64(clamping: deadline &- now)) }

    // MARK: The server's part

    /// Starts the link, or lets its time to try again come, and answers all until messages flow.
    package func becomeReady() {
        if !hasStarted { start() }
        while !bus.isConnecting, deadline != .max { tick(after: wait) }
        bus.isConnecting = false
        link.link(.authenticating)
        link.link(.connected)
        link.confirmed(link.interest.generation)
        tick()
        echoProbe()
        tick()
        _ = bus.takeCalls()
    }

    /// Sends the last probe back.
    package func echoProbe() {
        guard let probe = bus.published.last(where: { $0.topic == .node("me") }) else { return }
        link.settled(probe.id, nil)
        receive(probe.envelope.bytes, on: probe.topic.name)
    }

    /// The connection breaks.
    package func lose(_ reason: LinkFault.Reason = .closed) {
        bus.isConnecting = false
        link.link(.down(LinkFault(reason, "as the test wants it")))
        tick()
    }

    /// A message comes; returns whether there is room for more.
    @discardableResult
    package func receive(_ bytes: [UInt8], on topic: String) -> Bool {
        var topic = topic
        return topic.withUTF8 { topic in
            bytes.withUnsafeBytes { link.received(Received(topic: UnsafeRawBufferPointer(topic), bytes: $0)) }
        }
    }

    /// An envelope of another node, published so many microseconds after ``start``.
    package func envelope(to topic: BusTopic, sequence: UInt64 = 1, publishTime: Int64 = 0) -> [UInt8] {
        var fields = EnvelopeWriter.Fields(.publication, to: topic)
        fields.sequence = sequence
        fields.publishTime = Self.start + publishTime
        return writer.encode(fields, payload: [UInt8(ascii: "x")]).bytes
    }

    // MARK: The hub's part

    /// Publishes so many bytes.
    package func publish(_ topic: BusTopic = .broadcast, bytes: Int = 1) {
        link.publish(EncodedEnvelope([UInt8](repeating: 7, count: bytes)), to: topic, answers.next())
    }

    /// Why each publication failed, nil for success; empty where there is no answer yet.
    package var codes: [[BusError.Code?]] { answers.all.map { $0.map(\.code) } }

    // MARK: What is told

    /// A series of the bus in use; its name without `gohub_bus_`.
    package func value(_ name: String, _ labels: [String: String] = [:]) throws -> Double? {
        let all = labels.merging(["bus": bus.kind.rawValue]) { label, _ in label }
        return try page().value(of: "gohub_bus_" + name, all)
    }

    /// A series without labels.
    package func fixed(_ name: String) throws -> Double? { try page().value(of: "gohub_bus_" + name) }

    /// What is observed, and how much in all.
    package func histogram(_ name: String) throws -> [Double] {
        guard let reading = try page().histogram(of: "gohub_bus_" + name, ["bus": bus.kind.rawValue]) else { return [] }
        return [reading.count, reading.sum]
    }

    private func page() throws -> Exposition { try Exposition(scraping: registry, as: .text) }

    /// The messages of the log so far.
    package var story: [String] { log.records.map { "\($0.level) \($0.message)" } }
}
