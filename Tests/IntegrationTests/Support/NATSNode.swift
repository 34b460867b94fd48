// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubNATS
import HubTesting
import Synchronization

/// The adapter for NATS on a loop with a thread of its own, driven by a test step by step.
final class NATSNode: Sendable {
    /// What the adapter told so far.
    struct Story: Sendable {
        var connections = 0
        var faults: [LinkFault] = []
        var settled: [UInt64: BusError?] = [:]
        var confirmed: UInt64 = 0
        var refused: [BusTopic] = []
        var reasons: [String] = []
        /// The payloads that came, by their names.
        var received: [String: [[UInt8]]] = [:]
        var receivedCount = 0
        /// What the adapter hears when it hands on a message.
        var hasRoom = true
        /// The longest time between two ticks of a timer that fires all the while.
        var longestPause = Duration.zero
    }

    /// What only the loop's thread touches.
    private final class Parts {
        let bus: NATSBus
        let recorder: Recorder
        var generation: UInt64 = 0
        var publication: UInt64 = 0
        var heartbeat: LoopTimer?

        init(_ bus: NATSBus, _ recorder: Recorder) {
            self.bus = bus
            self.recorder = recorder
            bus.start(recorder)
        }
    }

    private final class Recorder: BusEvents, Sendable {
        let story = Mutex(Story())

        func received(_ message: Received) -> Bool {
            story.withLock { story in
                story.received[String(decoding: message.topic, as: UTF8.self), default: []].append(Array(message.bytes))
                story.receivedCount += 1
                return story.hasRoom
            }
        }

        func settled(_ id: UInt64, _ error: BusError?) { story.withLock { $0.settled[id] = .some(error) } }

        func confirmed(_ generation: UInt64) { story.withLock { $0.confirmed = max($0.confirmed, generation) } }

        func interestRefused(_ topic: BusTopic, _ reason: String) {
            story.withLock { story in
                story.refused.append(topic)
                story.reasons.append(reason)
            }
        }

        func link(_ state: LinkState) {
            switch state {
            case .authenticating: break
            case .connected: story.withLock { $0.connections += 1 }
            case .down(let fault): story.withLock { $0.faults.append(fault) }
            }
        }
    }

    let loop: EventLoop
    private let log = MemorySink()
    private let registry = Registry()
    private let recorder = Recorder()
    private let parts: LoopBound<Parts>

    init(_ settings: NATSSettings) throws {
        loop = try EventLoop()
        let metrics = NATSMetrics(registry, fixed: FixedBusMetrics(registry))
        let bus = try NATSBus(settings, loop: loop, metrics: metrics, logger: Logger(sink: log))
        parts = LoopBound(Parts(bus, recorder), on: loop)
        try loop.start(name: "bus")
    }

    /// What was told so far.
    var story: Story { recorder.story.withLock { $0 } }

    /// The messages that were logged at least as warnings.
    var warnings: [String] { log.records.filter { $0.level >= .warning }.map(\.message) }
    var messages: [String] { log.records.map(\.message) }

    /// A counter of the adapter's; its name without `gohub_bus_nats_`.
    func count(_ name: String) throws -> Double? {
        try Exposition(scraping: registry, as: .text).value(of: "gohub_bus_nats_" + name)
    }

    // MARK: What the bus asks of it

    /// Makes an attempt, and waits for what comes of it.
    ///
    /// - Returns: Why it failed; nil when it is connected.
    @discardableResult
    func connect(within limit: Duration = .seconds(20)) async throws -> LinkFault? {
        let before = story
        try await run { $0.bus.connect() }
        return try await eventually("an end of the attempt", within: limit) { () -> LinkFault?? in
            let story = self.story
            if story.faults.count > before.faults.count { return .some(story.faults.last) }
            return story.connections > before.connections ? .some(nil) : nil
        }
    }

    /// Begins an attempt and waits for nothing.
    func beginToConnect() async throws { try await run { $0.bus.connect() } }

    func disconnect() async throws { try await run { $0.bus.disconnect() } }

    /// Waits until the link was told to be down.
    func fault(after count: Int = 0, within limit: Duration = .seconds(20)) async throws -> LinkFault {
        try await eventually("the end of the connection", within: limit) {
            let faults = self.story.faults
            return faults.count > count ? faults.last : nil
        }
    }

    /// Changes what it wants, without waiting for the confirmation.
    func beginToWant(_ steps: [InterestChange.Step]) async throws -> UInt64 {
        try await run { parts in
            parts.generation += 1
            parts.bus.want(InterestChange(steps: steps, generation: parts.generation))
            return parts.generation
        }
    }

    /// Changes what it wants, and waits until the server has confirmed it.
    func want(_ steps: [InterestChange.Step], within limit: Duration = .seconds(20)) async throws {
        let generation = try await beginToWant(steps)
        _ = try await eventually("a confirmation", within: limit) { self.story.confirmed >= generation ? true : nil }
    }

    /// Publishes, one batch a call.
    func beginToPublish(_ messages: [(BusTopic, [UInt8])]) async throws -> [UInt64] {
        try await run { parts in
            let batch = messages.map { topic, bytes in
                parts.publication += 1
                return Outgoing(id: parts.publication, topic: topic, envelope: EncodedEnvelope(bytes), deadline: .max)
            }
            parts.bus.publish(batch)
            return batch.map(\.id)
        }
    }

    /// Publishes, and waits for what became of each.
    @discardableResult
    func publish(_ messages: [(BusTopic, [UInt8])], within limit: Duration = .seconds(20)) async throws -> [BusError?] {
        let ids = try await beginToPublish(messages)
        return try await eventually("settlements", within: limit) {
            let settled = self.story.settled
            let errors = ids.compactMap { settled[$0] }
            return errors.count == ids.count ? errors : nil
        }
    }

    /// Whether there is room for messages; lets the adapter go on when there is.
    func setRoom(_ hasRoom: Bool) async throws {
        recorder.story.withLock { $0.hasRoom = hasRoom }
        if hasRoom { try await run { $0.bus.resume() } }
    }

    /// Begins to look at how long the loop is busy at a time.
    func watchTicks() async throws {
        try await run { [loop, recorder] parts in
            var last = SystemClock().now()
            let timer = LoopTimer { [unowned loop, unowned parts] in
                let now = SystemClock().now()
                let pause = Duration.nanoseconds(Int64(clamping: now.nanoseconds(since: last)))
                recorder.story.withLock { $0.longestPause = max($0.longestPause, pause) }
                last = now
                parts.heartbeat.map { loop.schedule($0, after: .milliseconds(5)) }
            }
            parts.heartbeat = timer
            loop.schedule(timer, after: .zero)
        }
    }

    /// How many ticks the loop has had.
    func ticks() async throws -> UInt64 { try await run { [loop] _ in loop.statistics.ticks } }

    /// Ends the adapter and the loop's thread.
    func close() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let isPosted = loop.post { [parts, loop] in
                parts.value.heartbeat.take().map { loop.cancel($0) }
                parts.value.bus.close { continuation.resume() }
            }
            if !isPosted { continuation.resume(throwing: ProcessFault(.ended, "the loop had ended")) }
        }
        loop.stop()
        _ = try await Blocking.run { [loop] in loop.join() }
    }

    private func run<Result: Sendable>(_ body: @escaping @Sendable (Parts) -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isPosted = loop.post { [parts] in continuation.resume(returning: body(parts.value)) }
            if !isPosted { continuation.resume(throwing: ProcessFault(.ended, "the loop had ended")) }
        }
    }
}

/// Runs a body with a node, and ends the node whatever happens.
func withNATSNode<Result>(
    _ settings: NATSSettings,
    _ body: (NATSNode) async throws -> Result
) async throws -> Result {
    let node = try NATSNode(settings)
    do {
        let result = try await body(node)
        try await node.close()
        return result
    } catch {
        try? await node.close()
        throw error
    }
}

extension NATSSettings {
    /// Those of a node at ports of this machine.
    init(_ ports: [Int], login: Login = .none) {
        self.init()
        addresses = ports.map { SocketAddress(host: "127.0.0.1", port: $0) }
        self.login = login
        // For machines on which others compute as well.
        connectTimeout = .seconds(15)
    }
}

extension BusTopic {
    /// A name that a test spells out, such as `topic/news`.
    init(named name: String) throws(ProcessFault) {
        guard let topic = Array(name.utf8).withUnsafeBytes({ BusTopic($0) }) else {
            throw ProcessFault(.badReply, "\(name) is no name on the bus")
        }
        self = topic
    }
}
