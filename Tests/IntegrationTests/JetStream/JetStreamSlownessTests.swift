// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("Nodes that are slower than JetStream", .needsNATS, .tags(.nats), .timeLimit(.minutes(1)))
struct JetStreamSlownessTests {
    private func run(
        link: BusLink.Settings = JetStreamNode.link,
        _ change: (inout JetStreamSettings) -> Void,
        _ body: (NATSTestClient, JetStreamNode) async throws -> Void
    ) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            let node = try JetStreamNode("a", on: [server.port], link: link, change)
            try await node.begin()
            try await body(try await server.client(), node)
            try await node.finish()
        }
    }

    /// Asks the server about a node's consumer.
    private func info(_ client: NATSTestClient) async throws -> JSONTree {
        let name = try #require(try await client.consumers().first)
        return try await client.jetStream("CONSUMER.INFO.\(JetStreamNode.stream).\(name)")
    }

    @Test("what waits for room is not delivered again, however long it waits", arguments: [2, 4])
    func waits(seconds: Int) async throws {
        try await run {
            $0.ackWait = .seconds(seconds)
            $0.maxDeliver = 2
        } _: { client, node in
            try await node.harness.run { $0.sink.hasRoom = false }
            for number in 0..<50 { try await client.store("news", "\(number)") }
            _ = try await node.waitForBare(1)
            // Three in the time that the server waits: so it waits three times, and delivers nothing again.
            try await client.subscribe("$JS.ACK.>")
            var told: [String: Int] = [:]
            while told.values.max() ?? 0 < 9 {
                let message = try await client.next()
                if message.text == "+WPI" { told[message.subject, default: 0] += 1 }
            }
            try await node.makeRoom()
            #expect(try await node.waitForBare(50) == (0..<50).map(String.init))
            _ = try await eventually("all to be acknowledged") { () -> Bool? in
                try await info(client)["num_ack_pending"]?.number == 0 ? true : nil
            }
            try await node.publish()
            #expect(try await info(client)["num_redelivered"]?.number == 0)
            #expect(try node.value("redelivered_total") == 0)
            #expect(try node.value("max_deliveries_total") == 0)
            #expect(try await node.bareTexts().count == 50)
        }
    }

    @Test("a node that stands still is told again what it was told, and takes it once")
    func standsStill() async throws {
        var link = JetStreamNode.link
        link.supervisor.probeAfter = 60_000_000_000
        try await run(link: link) {
            $0.ackWait = .seconds(1)
            $0.maxDeliver = 2
        } _: { client, node in
            // From a thread of its own, as the one of the loop stands still.
            async let isStill: Void = node.harness.run { _ in
                let start = ContinuousClock.now
                while ContinuousClock.now - start < .seconds(4) {}
            }
            for number in 0..<50 { try await client.store("news", "\(number)") }
            try await isStill
            _ = try await node.waitForBare(50)
            _ = try await eventually("messages that were given up to be counted") { () -> Bool? in
                try node.value("max_deliveries_total") > 0 ? true : nil
            }
            #expect(try node.value("redelivered_total") > 0)
            try await client.store("news", "50")
            #expect(try await node.waitForBare(51) == (0...50).map(String.init))
            #expect(try await node.harness.run { $0.tap.faults } == [])
            #expect(node.warnings.contains { $0.contains("given up") })
            _ = try await eventually("nothing to acknowledge") { () -> Bool? in
                try await info(client)["num_ack_pending"]?.number == 0 ? true : nil
            }
        }
    }

    @Test("no more messages are under way than may be, and all flow")
    func limit() async throws {
        try await run {
            $0.maxAckPending = 10
        } _: { client, node in
            #expect(try node.value("ack_pending_limit") == 10)
            for number in 0..<1000 {
                try await client.publish("gohub.topic.news", "\(number)")
                if number % 100 == 0 { #expect(try await info(client)["num_ack_pending"]?.number ?? 11 <= 10) }
            }
            #expect(try await node.waitForBare(1000) == (0..<1000).map(String.init))
            _ = try await eventually("nothing to acknowledge") { () -> Bool? in
                try await info(client)["num_ack_pending"]?.number == 0 ? true : nil
            }
            #expect(try node.value("redelivered_total") == 0)
            #expect(try await node.harness.run { $0.tap.faults } == [])
        }
    }

    @Test("of large messages no more wait for room than has a bound in bytes")
    func largeMessages() async throws {
        try await run {
            $0.maxBytes = 128 << 20
        } _: { client, node in
            try await node.harness.run { $0.sink.hasRoom = false }
            for number in 0..<60 {
                let payload = [UInt8](repeating: UInt8(ascii: "0") + UInt8(number), count: (1 << 20) - 1)
                #expect(try await client.request("gohub.topic.news", payload).text.contains(#""seq":"#))
            }
            _ = try await node.waitForBare(1)
            let info = try await eventually("most to wait at the server") { () -> JSONTree? in
                let info = try await self.info(client)
                return info["num_waiting"]?.number == 0 ? info : nil
            }
            // A request brings 8 MiB at the most, and another follows when there is room.
            #expect(info["num_ack_pending"]?.number ?? 60 <= 16)
            try await node.makeRoom()
            let texts = try await node.waitForBare(60)
            #expect(texts.map(\.utf8.first) == (0..<60).map { UInt8(ascii: "0") + $0 })
            #expect(try await node.harness.run { $0.tap.faults } == [])
            #expect(try node.value("redelivered_total") == 0)
        }
    }

    @Test("a server that allows smaller requests brings all, in such")
    func smallRequests() async throws {
        try await withNATSServer {
            $0.jetStream = .init()
            $0.jetStream?.limits = ["max_request_batch: 10"]
        } _: { server in
            let node = try JetStreamNode("a", on: [server.port])
            try await node.begin()
            let client = try await server.client()
            for number in 0..<100 { try await client.store("news", "\(number)") }
            #expect(try await node.waitForBare(100) == (0..<100).map(String.init))
            try await node.finish()
        }
    }
}
