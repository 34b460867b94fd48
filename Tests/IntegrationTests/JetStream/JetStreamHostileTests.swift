// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("What others write to nodes on JetStream", .needsNATS, .tags(.nats), .timeLimit(.minutes(1)))
struct JetStreamHostileTests {
    private static let stream = JetStreamNode.stream

    /// What a node listens on, without the last token.
    private func base(_ kind: String, at server: NATSServer) async throws -> String {
        let subjects = try await server.connections().flatMap(\.subscriptions)
        return String(try #require(subjects.first { $0.hasPrefix("gohub.\(kind).") }).dropLast())
    }

    private static let payloads = [
        "", "{}", "[]", "1", "{", "rubbish", #"{"stream":"GOHUB_BUS","seq":1}"#, #"{"error":{}}"#,
        #"{"error":{"code":1e300,"err_code":-1e300,"description":7}}"#,
        #"{"config":[],"state":{"last_seq":1e300},"name":{},"num_pending":-1,"num_waiting":1.5,"delivered":{"stream_seq":"1"}}"#,
        String(repeating: "[", count: 10_000),
    ]

    @Test("answers that nobody gave change nothing")
    func answers() async throws {
        try await withJetStreamNode { server, client, node in
            let base = try await base("reply", at: server)
            let tokens = ["p", "r", "a", "m", "x"].flatMap { purpose in
                ["", "0", "1", "2", "999999", "18446744073709551615", "18446744073709551616", "-1", "+1", "1x"].map {
                    purpose + $0
                }
            }
            for token in tokens {
                for payload in Self.payloads {
                    try await client.publish(base + token, Array(payload.utf8))
                }
                try await client.publish(base + token, [], headers: [("Status", "503")])
            }
            try await client.flush()
            for number in 0..<10 { try await client.store("news", "\(number)") }
            #expect(try await node.waitForBare(10) == (0..<10).map(String.init))
            try await node.publish()
            #expect(try await node.harness.run { $0.tap.faults } == [])
        }
    }

    @Test("messages that are of no stream are taken for none, whatever they say")
    func messages() async throws {
        try await withJetStreamNode { server, client, node in
            let base = try await base("pull", at: server)
            let consumer = try #require(try await client.consumers().first)
            for number in 0..<5 { try await client.store("news", "\(number)") }
            _ = try await node.waitForBare(5)
            // The server itself lets nobody publish with a reply below `$JS.ACK`.
            let replies = ["back", "$JS", "$JS.ACKS.\(Self.stream).\(consumer).1.999999.7.1.0", "1.999999.7.1.0"]
            for token in ["r1", "r2", "r999999", "x"] {
                for reply in replies {
                    for payload in ["", "forged", #"{"stream":"GOHUB_BUS"}"#] {
                        try await client.publish(base + token, Array(payload.utf8), reply: reply)
                    }
                }
                for payload in Self.payloads { try await client.publish(base + token, Array(payload.utf8)) }
                for status in ["100", "404", "408", "409", "503", "999", "x", ""] {
                    let headers = [("Status", status), ("Description", "whatever")]
                    try await client.publish(base + token, [], headers: headers)
                }
            }
            try await client.flush()
            for number in 5..<10 { try await client.store("news", "\(number)") }
            #expect(try await node.waitForBare(10) == (0..<10).map(String.init))
            try await node.publish()
            #expect(try await node.harness.run { $0.tap.faults } == [])
            #expect(try node.value("redelivered_total") == 0)
            let info = try await eventually("all to be acknowledged") { () -> JSONTree? in
                let info = try await client.jetStream("CONSUMER.INFO.\(Self.stream).\(consumer)")
                return info["num_ack_pending"]?.number == 0 ? info : nil
            }
            #expect(info["ack_floor"]?["stream_seq"]?.number ?? 99 < 30)
        }
    }

    @Test("a node that is told that its consumer is gone makes another, and loses nothing", arguments: ["400", "409"])
    func farewells(status: String) async throws {
        try await withJetStreamNode { server, client, node in
            for number in 0..<5 { try await client.store("news", "\(number)") }
            let faults = try await node.harness.run { $0.tap.faults.count }
            let headers = [("Status", status), ("Description", "Consumer Deleted")]
            try await client.publish(base("pull", at: server) + "r1", [], headers: headers)
            _ = try await node.waitForFault("brings nothing any more", after: faults)
            for number in 5..<10 { try await client.store("news", "\(number)") }
            try await node.waitUntilReady()
            #expect(try await node.waitForBare(10) == (0..<10).map(String.init))
        }
    }

    @Test("subjects that are no names are told as they stand, and what is behind them comes")
    func subjects() async throws {
        try await withJetStreamNode { _, client, node in
            let subjects = ["gohub.topic.%2", "gohub.topic.a%zz", "gohub.unicast.%"]
            for subject in subjects { try await client.publish(subject, "odd") }
            for subject in ["gohub.probe.a", "gohub.probe.other"] { try await client.publish(subject, "no probe") }
            try await client.store("news", "last")
            #expect(try await node.waitForBare(1) == ["last"])
            let names = Set(
                try await node.harness.run { $0.tap.messages.map { String(decoding: $0.topic, as: UTF8.self) } }
            )
            #expect(names.isSuperset(of: ["gohub.topic.%2", "gohub.topic.a%zz", "topic/news", "node/a"]), "\(names)")
            #expect(!names.contains("node/other"))
            #expect(try await node.harness.run { $0.tap.faults } == [])
        }
    }

    @Test("other programs publish what they like, with headers of their own")
    func programs() async throws {
        try await withJetStreamNode { _, client, node in
            let large = [UInt8](repeating: 0x78, count: 1 << 20)
            // Without a wish for an answer, with headers that mean something elsewhere, empty, and as large as can be.
            try await client.publish("gohub.topic.news", "no answer")
            try await client.publish(
                "gohub.topic.news",
                Array("with headers".utf8),
                headers: [("Status", "503"), ("Description", "Consumer Deleted"), ("Kind", "a"), ("Kind", "b")]
            )
            try await client.publish("gohub.topic.news", [], headers: [("Status", "409")])
            try await client.publish("gohub.topic.news", [])
            try await client.publish("gohub.topic.news", large)
            for _ in 0..<2 {
                try await client.publish("gohub.topic.news", Array("once".utf8), headers: [("Nats-Msg-Id", "1")])
            }
            try await client.store("news", "last")
            let texts = try await node.waitForBare(7)
            #expect(texts.map(\.utf8.count) == [9, 12, 0, 0, 1 << 20, 4, 4])
            #expect(texts.suffix(2) == ["once", "last"])
            #expect(try await node.harness.run { $0.tap.faults } == [])
        }
    }

    @Test("a message as large as the server takes goes, and one byte more does not", arguments: [50_000, 1 << 20])
    func largest(limit: Int) async throws {
        try await withNATSServer { options in
            options.jetStream = .init()
            options.maxPayload = limit
        } _: { server in
            let nodes = try ["a", "b"].map { try JetStreamNode($0, on: [server.port], link: nil) }
            for node in nodes { try await node.harness.connect(wanting: [.add(JetStreamNode.news)]) }
            // The id of a message and what stands around it.
            let room = limit - 60
            let largest = (0..<20).map { [UInt8](repeating: UInt8($0), count: room) }
            for message in largest { try await nodes[0].harness.publish([(JetStreamNode.news, message)]) }
            try await nodes[1].harness.receive(20, on: JetStreamNode.news)
            #expect(try await nodes[1].harness.run { $0.tap.bytes(on: JetStreamNode.news) } == largest)
            #expect(try await nodes[0].harness.run { $0.tap.failures }.isEmpty)
            try await nodes[0].harness.publish([(JetStreamNode.news, [UInt8](repeating: 0, count: room + 1))])
            #expect(try await nodes[0].harness.run { $0.tap.failures.map(\.code) } == [.tooLarge])
            try await nodes[0].harness.publish([(JetStreamNode.news, [])])
            try await nodes[1].harness.receive(21, on: JetStreamNode.news)
            for node in nodes { try await node.finish() }
        }
    }

    @Test("a publication whose id somebody else has used fails, as nobody gets it")
    func usedIDs() async throws {
        try await withJetStreamNode { _, client, node in
            try await client.subscribe("gohub.topic.news")
            try await node.publish()
            let seen = try await client.next()
            let id = try #require(seen.headers.first { $0.name == "Nats-Msg-Id" }?.value)
            // Ids are counted up behind what the run has drawn.
            let digits = id.suffix(16)
            let number = try #require(UInt64(digits, radix: 16))
            for offset in 1...20 as ClosedRange<UInt64> {
                let next = String(number + offset, radix: 16)
                let guess = id.dropLast(next.count) + next
                let answer = try await client.request(
                    "gohub.topic.other",
                    [],
                    headers: [("Nats-Msg-Id", String(guess))]
                )
                #expect(answer.text.contains("GOHUB_BUS"))
            }
            try await node.harness.run { $0.publish(JetStreamNode.news) }
            try await node.harness.wait(for: "the answer") { $0.answers.isComplete }
            #expect(try await node.harness.run { $0.answers.last.map(\.code) } == [.rejected])
            let consumers = try await client.consumers()
            #expect(!consumers.contains { $0.contains(id.prefix(16)) }, "ids cannot be guessed by names of consumers")
        }
    }

    @Test("messages that another stream, or another consumer, brings are taken for none")
    func otherStreams() async throws {
        try await withJetStreamNode { server, client, node in
            try await client.jetStream("STREAM.CREATE.EVIL", #"{"name":"EVIL","subjects":["evil"],"storage":"memory"}"#)
            let base = try await base("pull", at: server)
            for number in 0..<100 { try await client.publish("evil", "\(number)") }
            try await client.flush()
            for (stream, name) in [("EVIL", "a"), (Self.stream, "b")] {
                let config = #"{"durable_name":"\#(name)","ack_policy":"none","deliver_subject":"\#(base)x"}"#
                let body = #"{"stream_name":"\#(stream)","config":\#(config)}"#
                try await client.jetStream("CONSUMER.DURABLE.CREATE.\(stream).\(name)", body)
            }
            for number in 0..<10 { try await client.store("news", "\(number)") }
            #expect(try await node.waitForBare(10) == (0..<10).map(String.init))
            try await node.publish()
            #expect(try await node.bareTexts().count == 10)
            #expect(try await node.harness.run { $0.tap.faults } == [])
        }
    }

    @Test(
        "a consumer that somebody changes is given up for another one",
        arguments: [#""filter_subject":"gohub.probe.>""#, #""headers_only":true"#]
    )
    func changed(option: String) async throws {
        try await withJetStreamNode { _, client, node in
            let name = try #require(try await client.consumers().first)
            let info = try await client.jetStream("CONSUMER.INFO.\(Self.stream).\(name)")
            let start = try #require(info["config"]?["opt_start_seq"]?.number ?? 0)
            let from =
                start > 0
                ? #""deliver_policy":"by_start_sequence","opt_start_seq":\#(Int(start))"# : #""deliver_policy":"new""#
            let config = """
                {"durable_name":"\(name)","description":"a node of gohub","ack_policy":"all","ack_wait":30000000000,\
                "max_deliver":5,"max_ack_pending":1000,"replay_policy":"instant",\(from),\(option)}
                """
            try await client.jetStream(
                "CONSUMER.DURABLE.CREATE.\(Self.stream).\(name)",
                #"{"stream_name":"\#(Self.stream)","config":\#(config)}"#
            )
            let fault = try await node.waitForFault("somebody has changed the consumer")
            #expect(fault.reason == .closed)
            try await node.waitUntilReady()
            try await client.store("news", "whole")
            try await node.harness.wait(for: "the message") {
                $0.sink.bare.last?.bytes.elementsEqual("whole".utf8) == true
            }
        }
    }
}
