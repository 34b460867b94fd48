// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubMetrics
import HubTesting
import Synchronization
import Testing

@testable import HubBus

@Suite("A bus that is measured")
struct InstrumentedBusTests {
    /// A clock that only the test moves.
    final class Hand: Sendable {
        let nanoseconds = Atomic<UInt64>(1_000_000_000)
        func move(by duration: UInt64) { nanoseconds.wrappingAdd(duration, ordering: .relaxed) }
    }

    let registry = Registry()
    let memory = MemoryBus()
    let sink = MemorySink()
    let hand = Hand()
    let bus: InstrumentedBus

    init() {
        bus = InstrumentedBus(
            memory,
            metrics: BusMetrics(registry: registry, bus: .noop),
            logger: Logger(sink: sink),
            clock: { [hand] in hand.nanoseconds.load(ordering: .relaxed) }
        )
    }

    /// The value of a sample line on the page.
    func sample(_ name: String) -> String? {
        var buffer = ExpositionBuffer()
        registry.render(.text004, into: &buffer)
        let page = buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return page.split(separator: "\n").first { $0.hasPrefix(name + " ") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    @Test("says which bus it is and whether it is up")
    func info() async {
        #expect(sample("gohub_bus_info{bus=\"noop\",mode=\"none\"}") == "1")
        #expect(sample("gohub_bus_up{bus=\"noop\"}") == "1")
        #expect(bus.kind == .noop)
        memory.fail(with: BusError(.failed, "gone"))
        #expect(sample("gohub_bus_up{bus=\"noop\"}") == "0")
        memory.fail(with: nil)
        #expect(sample("gohub_bus_up{bus=\"noop\"}") == "1")
        await bus.close()
        #expect(sample("gohub_bus_up{bus=\"noop\"}") == "0")
    }

    @Test("all its series are there at 0 before anything happened")
    func zeros() {
        for reason in PublishFailureReason.allCases {
            #expect(sample("gohub_bus_publish_failures_total{bus=\"noop\",reason=\"\(reason.rawValue)\"}") == "0")
        }
        for name in ["published_total", "received_total", "received_bytes_total", "publish_duration_seconds_count"] {
            #expect(sample("gohub_bus_\(name){bus=\"noop\"}") == "0")
        }
    }

    @Test("counts and times what was published, until the bus answers")
    func published() async throws {
        memory.hold()
        let observer = RecordingObserver()
        bus.publish([1], to: "news", within: .seconds(1), PublishCompletion(observer, token: 7))
        hand.move(by: 3_000_000)
        #expect(sample("gohub_bus_published_total{bus=\"noop\"}") == "0")
        memory.release(nil)
        #expect(observer.answers == [7: [nil]])
        #expect(sample("gohub_bus_published_total{bus=\"noop\"}") == "1")
        #expect(sample("gohub_bus_publish_duration_seconds_count{bus=\"noop\"}") == "1")
        #expect(sample("gohub_bus_publish_duration_seconds_sum{bus=\"noop\"}") == "0.003")
        bus.publish([1], to: "news", within: .seconds(1), .ignored)
        #expect(sample("gohub_bus_published_total{bus=\"noop\"}") == "2")
    }

    @Test(
        "counts a failure by its reason and hands the error on",
        arguments: [
            (BusError.timeout, PublishFailureReason.timeout), (.closed, .closed), (.topicEmpty, .rejected),
            (BusError(.failed, "refused"), .other),
        ]
    )
    func failures(error: BusError, reason: PublishFailureReason) async {
        memory.fail(with: error)
        let caught = await #expect(throws: BusError.self) {
            try await bus.publish([1], to: "news", within: .seconds(1))
        }
        #expect(caught?.code == error.code)
        #expect(sample("gohub_bus_publish_failures_total{bus=\"noop\",reason=\"\(reason.rawValue)\"}") == "1")
        #expect(sample("gohub_bus_published_total{bus=\"noop\"}") == "0")
        #expect(sample("gohub_bus_publish_duration_seconds_count{bus=\"noop\"}") == "1")
    }

    @Test("warns of failures, once for many, with bus, code and reason, and nothing of the message")
    func warns() {
        memory.fail(with: BusError(.failed, "connection refused"))
        for _ in 0..<100 { bus.publish(Array("secret".utf8), to: "news", within: .seconds(1), .ignored) }
        #expect(sink.records.count == 1)
        #expect(sink.records.first?.level == .warning)
        #expect(sink.records.first?["bus"] == "noop")
        #expect(sink.records.first?["code"] == "failed")
        #expect(sink.records.first?["reason"] == "connection refused")
        #expect(sink.lines.allSatisfy { !$0.contains("secret") })
        #expect(sample("gohub_bus_publish_failures_total{bus=\"noop\",reason=\"other\"}") == "100")
    }

    @Test("counts what came in, and its bytes")
    func received() async throws {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: .seconds(1))
        try await bus.publish([1, 2, 3], to: "news", within: .seconds(1))
        try await bus.publish([], to: "news", within: .seconds(1))
        try await bus.publish([1], to: "sport", within: .seconds(1))
        #expect(receiver.messages.map(\.bytes) == [[1, 2, 3], []])
        #expect(sample("gohub_bus_received_total{bus=\"noop\"}") == "2")
        #expect(sample("gohub_bus_received_bytes_total{bus=\"noop\"}") == "3")
    }

    @Test("forgets receivers that have no topic any more")
    func forgets() async throws {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: .seconds(1))
        try await bus.subscribe(receiver, to: "sport", within: .seconds(1))
        #expect(bus.receiverCount == 1)
        try await bus.unsubscribe(receiver, from: "news")
        #expect(bus.receiverCount == 1)
        try await bus.unsubscribe(receiver, from: "sport")
        #expect(bus.receiverCount == 0)
        memory.fail(with: .timeout)
        await #expect(throws: BusError.self) { try await bus.subscribe(receiver, to: "news", within: .seconds(1)) }
        #expect(bus.receiverCount == 0)
        memory.fail(with: nil)
        try await bus.subscribe(receiver, to: "news", within: .seconds(1))
        await bus.close()
        #expect(bus.receiverCount == 0)
    }

    @Test("a subscription that cannot be ended stays known, so that it can be ended later")
    func keeps() async throws {
        let receiver = RecordingReceiver()
        try await bus.subscribe(receiver, to: "news", within: .seconds(1))
        memory.fail(with: .timeout)
        await #expect(throws: BusError.self) { try await bus.unsubscribe(receiver, from: "news") }
        memory.fail(with: nil)
        #expect(bus.receiverCount == 1)
        try await bus.unsubscribe(receiver, from: "news")
        try await bus.publish([1], to: "news", within: .seconds(1))
        #expect(receiver.messages.isEmpty)
        #expect(bus.receiverCount == 0)
    }

    @Test("the bus is not kept alive by the registry")
    func lifetime() {
        weak var weakBus: MemoryBus?
        do {
            let short = MemoryBus()
            weakBus = short
            let registry = Registry()
            _ = InstrumentedBus(
                short,
                metrics: BusMetrics(registry: registry, bus: .noop),
                logger: Logger(sink: MemorySink())
            )
        }
        #expect(weakBus == nil)
    }
}
