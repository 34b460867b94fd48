// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubNATS
import HubTesting
import HubWire
import Testing

/// One node whose bus is a stream of JetStream, and what it logs and counts.
final class JetStreamNode: Sendable {
    static let stream = "GOHUB_BUS"
    static let news = topic("news")

    let harness: BusLoopHarness
    private let log = MemorySink()
    /// Kept, as metrics do not keep their registry.
    private let registry = Registry()

    static func topic(_ name: String) -> BusTopic {
        Array("topic/\(name)".utf8).withUnsafeBytes { BusTopic($0) } ?? .broadcast
    }

    /// Times that a test can wait for.
    static var link: BusLink.Settings {
        var link = BusLink.Settings()
        link.publishTimeout = 2_000_000_000
        link.supervisor.probeAfter = 1_000_000_000
        link.supervisor.probeTimeout = 2_000_000_000
        link.supervisor.attemptTimeout = 8_000_000_000
        link.supervisor.backOff = 50_000_000
        link.supervisor.backOffLimit = 200_000_000
        return link
    }

    /// Makes a node that ``start()`` starts.
    ///
    /// - Parameter link: Nil to drive the adapter itself.
    init(
        _ id: String,
        on ports: [Int],
        login: NATSSettings.Login = .none,
        link: BusLink.Settings? = JetStreamNode.link,
        patience: Duration = .seconds(40),
        _ change: (inout JetStreamSettings) -> Void = { _ in }
    ) throws {
        var settings = NATSSettings()
        settings.addresses = ports.map { SocketAddress(host: "127.0.0.1", port: $0) }
        settings.login = login
        var stream = JetStreamSettings()
        stream.nodeName = id
        stream.maxBytes = 64 << 20
        change(&stream)
        settings.jetStream = stream
        let metrics = NATSMetrics(registry, fixed: FixedBusMetrics(registry))
        let logger = Logger(sink: log)
        harness = try BusLoopHarness(id, patience: patience, link: link) { [settings] loop in
            // Fails only for files of TLS, of which there are none.
            do {
                return try NATSBus(settings, loop: loop, metrics: metrics, logger: logger)
            } catch {
                preconditionFailure("\(error)")
            }
        }
    }

    // A test that fails does not finish its nodes, whose threads need all of this to the end.
    deinit {
        Task { [harness, registry] in
            _ = try? await harness.finish()
            withExtendedLifetime(registry) {}
        }
    }

    /// Begins to connect, and wants some topics.
    func start(wanting topics: [BusTopic] = [news]) async throws {
        try await harness.run { node in
            node.link?.start()
            for topic in topics { node.link?.interest.want(topic) }
        }
    }

    /// Begins, and waits until messages flow.
    func begin(wanting topics: [BusTopic] = [news]) async throws {
        try await start(wanting: topics)
        try await waitUntilReady()
    }

    func waitUntilReady() async throws {
        try await harness.wait(for: "messages to flow") { $0.sink.flows.last == true }
    }

    func waitUntilDown() async throws {
        try await harness.wait(for: "messages to cease") { $0.sink.flows.last == false }
    }

    /// Waits until a connection has ended, or did not come about, for a reason with these words.
    func waitForFault(_ words: String, after count: Int = 0) async throws -> LinkFault {
        try await harness.wait(for: "a fault with \(words.debugDescription)") {
            $0.tap.faults.dropFirst(count).contains { $0.message.contains(words) }
        }
        return try #require(
            try await harness.run { $0.tap.faults.dropFirst(count).first { $0.message.contains(words) } }
        )
    }

    /// Ends it, and expects that the adapter did nothing that none may do.
    func finish() async throws {
        #expect(try await harness.finish() == [])
    }

    // MARK: What it tells

    /// The messages that were logged at least as warnings.
    var warnings: [String] { log.records.filter { $0.level >= .warning }.map(\.message) }

    /// What was told of options of the stream: the option, what is configured, what was found.
    var differences: [String] {
        log.records.compactMap { record in
            guard case .string(let option) = record["option"], case .string(let wanted) = record["configured"],
                case .string(let found) = record["found"]
            else { return nil }
            return "\(option): \(wanted), \(found)"
        }
    }

    var messages: [String] { log.records.map(\.message) }

    /// The value of a metric of NATS' own.
    func value(_ name: String) throws -> Double {
        try #require(try Exposition(scraping: registry).value(of: "gohub_bus_nats_\(name)"), "\(name)")
    }

    // MARK: Publications

    /// Publishes to a topic whenever few are unanswered, until ``stopLoad()``.
    func load(_ topic: BusTopic = news) async throws {
        try await harness.run { node in
            let timer = LoopTimer {}
            node.pump = { [unowned node] in
                let isIdle = node.answers.all.count - node.answers.count < 32
                if isIdle, node.link?.takesPublications == true {
                    for _ in 0..<4 { node.publish(topic) }
                }
                if !timer.isScheduled { node.loop.schedule(timer, after: .milliseconds(1)) }
            }
            node.pump?()
        }
    }

    /// Waits until so many more publications were taken.
    func waitForSuccesses(_ count: Int) async throws {
        let before = try await harness.run { $0.answers.successes.count }
        try await harness.wait(for: "\(count) successes") { $0.answers.count >= before + count }
        let now = try await harness.run { $0.answers.successes.count }
        if now < before + count { try await waitForSuccesses(before + count - now) }
    }

    /// Publishes no more until ``load(_:)``.
    func pause() async throws {
        try await harness.run { $0.pump = nil }
    }

    /// Publishes no more but one, which is taken, and returns the numbers of all that were.
    func stopLoad(_ topic: BusTopic = news) async throws -> [UInt64] {
        try await waitUntilReady()
        try await harness.run { $0.pump = nil }
        try await harness.wait(for: "all answers") { $0.answers.isComplete }
        try await publish(topic)
        return try await harness.run { $0.answers.successes }
    }

    /// Publishes once, and waits until that is taken.
    func publish(_ topic: BusTopic = news) async throws {
        try await harness.run { $0.publish(topic) }
        try await harness.wait(for: "the answer") { $0.answers.isComplete }
        #expect(try await harness.run { $0.answers.last.map(\.code) } == [nil])
    }

    /// Waits for the last of some numbers, and expects that all came, each once, in order.
    func expect(_ numbers: [UInt64], on topic: BusTopic = news, _ comment: Comment? = nil) async throws {
        let last = numbers.max() ?? 0
        try await harness.wait(for: "number \(last)") { $0.sink.sequences(on: topic).contains { $0 >= last } }
        let received = try await harness.run { $0.sink.sequences(on: topic) }
        let disorder = zip(received, received.dropFirst()).filter { $0 >= $1 }
        #expect(disorder.isEmpty, "what came twice or out of order: \(disorder.prefix(10)) \(comment ?? "")")
        let missing = Set(numbers).subtracting(received).sorted()
        #expect(
            missing.isEmpty,
            "\(missing.count) of \(numbers.count) did not come: \(missing.prefix(10)) \(comment ?? "")"
        )
    }

    /// The payloads of what programs that are no nodes have published.
    func bareTexts() async throws -> [String] {
        try await harness.run { $0.sink.bare.map { String(decoding: $0.bytes, as: UTF8.self) } }
    }

    /// Waits for so much of programs that are no nodes.
    func waitForBare(_ count: Int) async throws -> [String] {
        try await harness.wait(for: "\(count) messages of others") { $0.sink.bare.count >= count }
        return try await bareTexts()
    }
}

extension JetStreamNode {
    /// Lets the hub have room again.
    func makeRoom() async throws {
        try await harness.run { node in
            node.sink.hasRoom = true
            node.link?.resume()
        }
    }
}

/// Runs a body with a server that has JetStream, and a node on it that is ready.
func withJetStreamNode(_ body: (NATSServer, NATSTestClient, JetStreamNode) async throws -> Void) async throws {
    try await withNATSServer {
        $0.jetStream = .init()
    } _: { server in
        let node = try JetStreamNode("a", on: [server.port])
        try await node.begin()
        try await body(server, try await server.client(), node)
        try await node.finish()
    }
}

/// Runs a body with a node that has come back to a stream with so many messages for it, of which it has taken one and has no
/// room for more.
func withBacklog(
    _ count: Int,
    _ body: (NATSServer, NATSTestClient, JetStreamNode) async throws -> Void
) async throws {
    try await withNATSServer {
        $0.jetStream = .init()
    } _: { server in
        try await withFaultProxy(to: server.port) { proxy in
            let node = try JetStreamNode("a", on: [proxy.port]) { $0.maxAckPending = 10 }
            try await node.begin()
            let client = try await server.client()
            await proxy.cut()
            try await node.waitUntilDown()
            try await node.harness.run { $0.sink.hasRoom = false }
            for number in 0..<count { try await client.store("news", "\(number)") }
            await proxy.heal()
            _ = try await node.waitForBare(1)
            try await body(server, client, node)
            try await node.finish()
        }
    }
}

extension RecordingAnswers {
    /// Of which publications the server has said that it took them, counted from 1.
    var successes: [UInt64] {
        all.enumerated().compactMap { index, answers in
            answers.count == 1 && answers[0].code == nil ? UInt64(index) + 1 : nil
        }
    }
}

extension NATSTestClient {
    /// The consumers of the hub's stream.
    func consumers() async throws -> [String] {
        try await jetStream("CONSUMER.NAMES.\(JetStreamNode.stream)")["consumers"]?.array.compactMap(\.string) ?? []
    }

    /// Publishes as a program that is no node does, and waits until the stream has it.
    func store(_ topic: String, _ text: String) async throws {
        let answer = try await request("gohub.topic.\(topic)", Array(text.utf8))
        #expect(answer.text.contains(#""seq":"#), "\(answer.text)")
    }
}
