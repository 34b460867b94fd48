// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubTesting
import HubWire
import Testing

@testable import HubBus

/// What a link counts and times, read from the page that operators see.
@Suite("Bus link's metrics")
struct BusLinkMetricsTests {
    @Test("publications are counted, and timed until their answer")
    func published() throws {
        let harness = LinkHarness()
        #expect(try harness.value("published_total") == 0)
        harness.becomeReady()
        for _ in 0..<2 { harness.publish() }
        harness.tick(after: .milliseconds(3))
        harness.link.settled(2, nil)
        harness.link.settled(3, BusError(.rejected, "no"))
        #expect(try harness.value("published_total") == 1)
        // The probe is none.
        #expect(try harness.histogram("publish_duration_seconds") == [2, 0.006])
    }

    @Test(
        "failures are counted by their reason",
        arguments: [
            (BusError.Code.timeout, "timeout"), (.disconnected, "disconnected"), (.rejected, "rejected"),
            (.topicEmpty, "rejected"), (.tooLarge, "too_large"), (.closed, "closed"), (.failed, "other"),
        ] as [(BusError.Code, String)]
    )
    func failures(code: BusError.Code, reason: String) throws {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.link.settled(2, BusError(code, "as the test wants it"))
        for other in PublishFailureReason.allCases {
            let count = try harness.value("publish_failures_total", ["reason": other.rawValue])
            #expect(count == (other.rawValue == reason ? 1 : 0), "\(other)")
        }
        #expect(try harness.fixed("redis_publish_errors_total") == 1)
    }

    @Test("the time on the way is taken by both clocks; where they differ it is 0, or a day, and that is counted")
    func transit() throws {
        let harness = LinkHarness()
        harness.becomeReady()
        for publishTime in [-250_000, 0] as [Int64] {
            harness.receive(harness.envelope(to: .broadcast, publishTime: publishTime), on: "broadcast")
        }
        #expect(try harness.histogram("transit_seconds") == [2, 0.25])
        #expect(try harness.value("clock_skew_total") == 0)
        harness.receive(harness.envelope(to: .broadcast, publishTime: 500_000), on: "broadcast")
        #expect(try harness.histogram("transit_seconds") == [3, 0.25])
        #expect(try harness.value("clock_skew_total") == 1)
        // Clocks that began in 1970, or are far beyond anything.
        for publishTime in [-LinkHarness.start, .min, .min + 5, .max - LinkHarness.start] {
            harness.receive(harness.envelope(to: .broadcast, publishTime: publishTime), on: "broadcast")
        }
        #expect(try harness.histogram("transit_seconds") == [7, 3 * 86_400 + 0.25])
        #expect(try harness.value("clock_skew_total") == 5)
    }

    @Test("what is wanted and what is confirmed is shown, and whether messages flow")
    func interests() throws {
        let harness = LinkHarness()
        func shown() throws -> [Double?] {
            try [
                harness.value("subscriptions", ["state": "desired"]),
                harness.value("subscriptions", ["state": "confirmed"]), harness.value("up"),
            ]
        }
        #expect(try shown() == [0, 0, 0])
        harness.becomeReady()
        #expect(try shown() == [1, 1, 1])
        harness.link.interest.want(.broadcast)
        harness.link.interest.want(.nodes)
        harness.tick()
        #expect(try shown() == [3, 1, 1])
        harness.link.interest.drop(.nodes)
        harness.tick()
        harness.link.confirmed(3)
        harness.tick()
        #expect(try shown() == [2, 3, 1])
        harness.link.confirmed(4)
        harness.tick()
        #expect(try shown() == [2, 2, 1])
        harness.lose()
        #expect(try shown() == [2, 0, 0])
        harness.becomeReady()
        #expect(try shown() == [2, 2, 1])
    }

    @Test(
        "connections that end are counted by their reason, and outages are measured",
        arguments: LinkFault.Reason.allCases
    )
    func outages(reason: LinkFault.Reason) throws {
        let harness = LinkHarness()
        harness.becomeReady()
        #expect(try harness.value("reconnects_total") == 0)
        harness.tick(after: .seconds(1))
        harness.lose(reason)
        for other in LinkFault.Reason.allCases {
            let count = try harness.value("disconnects_total", ["reason": other.rawValue])
            #expect(count == (other == reason ? 1 : 0), "\(other)")
        }
        harness.clock.advance(by: .seconds(2))
        let before = harness.now
        harness.becomeReady()
        let outage = 2 + Double(harness.now - before) / 1e9
        let shown = try harness.histogram("outage_seconds")
        #expect(shown.first == 1)
        #expect(abs((shown.last ?? 0) - outage) < 1e-6)
        #expect(try harness.value("reconnects_total") == 1)
        #expect(try harness.fixed("redis_reconnects_total") == 1)
    }

    @Test("a probe that stays away is counted; an attempt that takes too long is none")
    func probes() throws {
        let harness = LinkHarness()
        harness.start()
        harness.tick(after: .seconds(10))
        #expect(harness.bus.takeCalls().prefix(3) == [.start, .connect, .disconnect])
        #expect(try harness.value("probe_failures_total") == 0)
        #expect(try harness.value("disconnects_total", ["reason": "timeout"]) == 1)
        harness.becomeReady()
        #expect(try harness.histogram("probe_rtt_seconds").first == 1)
        harness.tick(after: .seconds(30))
        harness.tick(after: .seconds(5))
        #expect(try harness.value("probe_failures_total") == 1)
        #expect(try harness.value("disconnects_total", ["reason": "timeout"]) == 2)
    }

    @Test("what comes is counted, with its bytes, and when it last came")
    func received() throws {
        let harness = LinkHarness()
        harness.becomeReady()
        let before = try #require(try harness.value("received_bytes_total"))
        let bytes = harness.envelope(to: .broadcast)
        harness.tick(after: .seconds(7))
        harness.receive(bytes, on: "broadcast")
        #expect(try harness.value("received_total") == 2)
        #expect(try harness.value("received_bytes_total") == before + Double(bytes.count))
        #expect(try harness.value("last_receive_timestamp_seconds") == Double(LinkHarness.start) / 1e6 + 7)
        harness.receive([1, 2, 3], on: "topic/news")
        #expect(try harness.value("bare_received_total") == 1)
        #expect(try harness.value("received_total") == 3)
    }

    /// What comes, on which name, and why it goes no further; nil where it does.
    struct Inbound: CustomStringConvertible, Sendable {
        let description: String
        let topic: String
        let reason: InboundDropReason?
        let bytes: @Sendable (LinkHarness) -> [UInt8]
    }

    static let inbound = [
        Inbound(description: "an envelope", topic: "broadcast", reason: nil) { $0.envelope(to: .broadcast) },
        Inbound(description: "an envelope on another name", topic: "nodes", reason: .decode) {
            $0.envelope(to: .broadcast)
        },
        Inbound(description: "an envelope on a foreign name", topic: "news", reason: .decode) {
            $0.envelope(to: .broadcast)
        },
        Inbound(description: "half an envelope", topic: "broadcast", reason: .decode) {
            Array($0.envelope(to: .broadcast).prefix(30))
        },
        Inbound(description: "a later version", topic: "broadcast", reason: .unknownVersion) {
            var bytes = $0.envelope(to: .broadcast)
            bytes[4] = 2
            return bytes
        },
        Inbound(description: "text", topic: "broadcast", reason: nil) { _ in [49] },
        Inbound(description: "nothing", topic: "topic/news", reason: nil) { _ in [] },
        Inbound(description: "text for a client", topic: "unicast/x", reason: nil) { _ in [49] },
        Inbound(description: "text among nodes", topic: "nodes", reason: .bareRefused) { _ in [49] },
        Inbound(description: "text to a node", topic: "node/me", reason: .bareRefused) { _ in [49] },
        Inbound(description: "as much text as may be", topic: "broadcast", reason: nil) { _ in
            [UInt8](repeating: 49, count: 1000)
        },
        Inbound(description: "too much text", topic: "broadcast", reason: .tooLarge) { _ in
            [UInt8](repeating: 49, count: 1001)
        },
    ]

    @Test("what goes no further is counted by its reason, and told once in ten seconds", arguments: inbound)
    func drops(inbound: Inbound) throws {
        var settings = BusLink.Settings()
        settings.maxBareBytes = 1000
        let harness = LinkHarness(settings: settings)
        harness.becomeReady()
        harness.receive(inbound.bytes(harness), on: inbound.topic)
        for reason in InboundDropReason.allCases {
            let count = try harness.value("inbound_dropped_total", ["reason": reason.rawValue])
            #expect(count == (reason == inbound.reason ? 1 : 0), "\(reason)")
        }
        #expect(harness.sink.messages.count + harness.sink.bare.count == (inbound.reason == nil ? 1 : 0))
        for _ in 0..<3 { harness.receive(inbound.bytes(harness), on: inbound.topic) }
        let told = { harness.log.records.filter { $0.message == "a message from the bus was dropped" } }
        #expect(told().map { $0["reason"] } == (inbound.reason.map { [.string($0.rawValue)] } ?? []))
        #expect(told().allSatisfy { $0["topic"] == .string(inbound.topic) })
        harness.clock.advance(by: .seconds(10))
        harness.receive(inbound.bytes(harness), on: inbound.topic)
        #expect(told().count == (inbound.reason == nil ? 0 : 2))
    }

    @Test("other programs' messages are refused where none are taken")
    func bareRefused() throws {
        var settings = BusLink.Settings()
        settings.acceptsBare = false
        let harness = LinkHarness(settings: settings)
        harness.becomeReady()
        harness.receive([49], on: "broadcast")
        #expect(harness.sink.bare.isEmpty)
        #expect(try harness.value("inbound_dropped_total", ["reason": "bare_refused"]) == 1)
        #expect(try harness.value("bare_received_total") == 0)
    }

    @Test("a topic that is refused is not confirmed, and its end takes nothing off what is", arguments: [false, true])
    func refused(endsFirst: Bool) throws {
        let harness = LinkHarness()
        harness.becomeReady()
        let topic = BusTopic(try TopicName("news"))
        func shown() throws -> [Double?] {
            harness.tick()
            return try ["desired", "confirmed"].map { try harness.value("subscriptions", ["state": $0]) }
        }
        #expect(try shown() == [1, 1])
        harness.link.interest.want(topic)
        #expect(try shown() == [2, 1])
        let generation = harness.link.interest.generation
        if endsFirst {
            harness.link.interest.drop(topic)
            harness.tick()
        }
        harness.link.interestRefused(topic, "no rights")
        harness.link.confirmed(generation)
        if !endsFirst {
            #expect(try shown() == [2, 1])
            harness.link.interest.drop(topic)
            harness.tick()
        }
        harness.link.confirmed(generation + 1)
        #expect(try shown() == [1, 1])
        harness.link.interest.want(topic)
        harness.tick()
        harness.link.confirmed(generation + 2)
        #expect(try shown() == [2, 2])
    }

    @Test("the names that dashboards know move with their own bus, and are 0 with another", arguments: BusKind.allCases)
    func fixedNames(kind: BusKind) throws {
        let harness = LinkHarness(kind: kind)
        func shown(_ kind: BusKind) throws -> [Double?] {
            let transit = kind == .redis ? "redis_latency_seconds" : "\(kind)_subscribe_latency_seconds"
            let names = ["publish_errors_total", "subscribe_errors_total", "reconnects_total"].map { "\(kind)_\($0)" }
            return try (names + ["\(transit)_count"]).map { try harness.fixed($0) }
        }
        for other in [BusKind.redis, .nats] { #expect(try shown(other) == [0, 0, 0, 0]) }
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.link.settled(2, BusError(.failed, "as the test wants it"))
        harness.link.interestRefused(.broadcast, "no rights")
        harness.receive(harness.envelope(to: .broadcast), on: "broadcast")
        harness.lose()
        harness.becomeReady()
        for other in [BusKind.redis, .nats] {
            #expect(try shown(other) == (kind == other ? [1, 1, 1, 1] : [0, 0, 0, 0]), "\(other)")
        }
        // One was answered by its failure, another by the end of its connection.
        let answers = try harness.fixed("nats_publish_latency_seconds_count") ?? 0
        #expect(kind == .nats ? answers > 0 : answers == 0)
        for name in ["nats_ack_errors_total", "nats_ack_pending"] { #expect(try harness.fixed(name) == 0, "\(name)") }
    }
}
