// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("The stream that nodes find or make", .needsNATS, .tags(.nats), .timeLimit(.minutes(1)))
struct JetStreamDefinitionTests {
    private static let stream = JetStreamNode.stream
    private static let subjects = ["gohub.broadcast", "gohub.topic.>", "gohub.unicast.>", "gohub.probe.>"]

    /// What somebody else makes.
    private static func definition(_ options: String = "", subjects: [String] = subjects) -> String {
        let list = subjects.map { "\"\($0)\"" }.joined(separator: ",")
        return "{\"name\":\"\(stream)\",\"subjects\":[\(list)]\(options.isEmpty ? "" : ",")\(options)}"
    }

    private func withServer(_ body: (NATSServer, NATSTestClient) async throws -> Void) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            try await body(server, try await server.client())
        }
    }

    @Test("one that is not there is made as it is configured", arguments: JetStreamSettings.Retention.allCases)
    func makes(retention: JetStreamSettings.Retention) async throws {
        try await withServer { server, client in
            let node = try JetStreamNode("a", on: [server.port]) { settings in
                settings.retention = retention
                settings.maxAge = .seconds(600)
                settings.maxMessages = 12_345
                settings.maxBytes = 32 << 20
                settings.duplicateWindow = .seconds(60)
            }
            try await node.begin()
            let info = try await client.jetStream("STREAM.INFO.\(Self.stream)")
            let config = try #require(info["config"])
            #expect(config["name"]?.string == Self.stream)
            #expect(config["subjects"]?.array.compactMap(\.string).sorted() == Self.subjects.sorted())
            for (key, value) in [("retention", retention.rawValue), ("storage", "file"), ("discard", "old")] {
                #expect(config[key]?.string == value, "\(key)")
            }
            for (key, value) in [
                ("max_age", 600e9), ("max_msgs", 12_345), ("max_bytes", 33_554_432), ("num_replicas", 1),
                ("duplicate_window", 60e9), ("max_consumers", -1), ("max_msg_size", -1), ("max_msgs_per_subject", -1),
            ] {
                #expect(config[key]?.number == value, "\(key)")
            }
            let consumer = try #require(try await client.consumers().first)
            let consumerInfo = try await client.jetStream("CONSUMER.INFO.\(Self.stream).\(consumer)")
            let consumerConfig = try #require(consumerInfo["config"])
            #expect(consumerConfig["durable_name"]?.string == consumer)
            #expect(consumerConfig["ack_policy"]?.string == "all")
            #expect(consumerConfig["deliver_policy"]?.string == "new")
            #expect(consumerConfig["ack_wait"]?.number == 30e9)
            #expect(consumerConfig["max_deliver"]?.number == 5)
            #expect(consumerConfig["max_ack_pending"]?.number == 1000)
            #expect(node.warnings.isEmpty)
            #expect(node.messages.contains("made a stream of JetStream"))
            #expect(try node.value("stream_differences") == 0)
            #expect(try node.value("ack_pending_limit") == 1000)
            try await node.finish()
        }
    }

    @Test("compression is asked for, and told of where the server does not know it")
    func compression() async throws {
        try await withServer { server, client in
            let node = try JetStreamNode("a", on: [server.port]) { $0.compresses = true }
            try await node.begin()
            let config = try await client.jetStream("STREAM.INFO.\(Self.stream)")["config"]
            let isCompressed = config?["compression"]?.string == "s2"
            #expect(try node.value("stream_differences") == (isCompressed ? 0 : 1))
            #expect(node.differences == (isCompressed ? [] : ["compression: s2, none"]))
            try await node.finish()
        }
    }

    @Test("one that is otherwise is told of, and used as it is")
    func differs() async throws {
        try await withServer { server, client in
            let options = """
                "retention":"interest","storage":"memory","discard":"new","max_age":60000000000,"max_msgs":1000,
                "max_bytes":1048576,"duplicate_window":5000000000
                """
            try await client.jetStream("STREAM.CREATE.\(Self.stream)", Self.definition(options))
            let before = try await client.jetStream("STREAM.INFO.\(Self.stream)")["config"]
            let node = try JetStreamNode("a", on: [server.port])
            let other = try JetStreamNode("b", on: [server.port])
            try await node.begin()
            try await other.begin()
            try await other.publish()
            try await node.expect([1])
            let expected = [
                "retention: limits, interest", "storage: file, memory", "discard: old, new",
                "max_age: 3600000000000, 60000000000", "max_msgs: 1000000, 1000", "max_bytes: 67108864, 1048576",
                "duplicate_window: 120000000000, 5000000000",
            ]
            #expect(node.differences == expected)
            #expect(try node.value("stream_differences") == 7)
            #expect(try await client.jetStream("STREAM.INFO.\(Self.stream)")["config"] == before)
            for node in [node, other] { try await node.finish() }
        }
    }

    @Test("one that is changed while nodes use it is told of, and so is that it is right again")
    func changes() async throws {
        try await withServer { server, client in
            let node = try JetStreamNode("a", on: [server.port]) { $0.sweepInterval = .milliseconds(200) }
            try await node.begin()
            for (value, differences) in [("50", 1.0), ("1000000", 0), ("50", 1)] {
                let options = """
                    "retention":"limits","storage":"file","discard":"old","max_age":3600000000000,"max_msgs":\(value),
                    "max_bytes":67108864,"duplicate_window":120000000000
                    """
                try await client.jetStream("STREAM.UPDATE.\(Self.stream)", Self.definition(options))
                _ = try await eventually("\(differences) differences") {
                    try node.value("stream_differences") == differences ? true : nil
                }
            }
            // What was told once is told again when it was right meanwhile.
            #expect(node.differences == ["max_msgs: 1000000, 50", "max_msgs: 1000000, 50"])
            #expect(try await node.harness.run { $0.tap.faults } == [])
            try await node.finish()
        }
    }

    @Test("one that becomes useless while nodes use it ends the link, with the reason")
    func spoiled() async throws {
        try await withServer { server, client in
            let node = try JetStreamNode("a", on: [server.port]) { $0.sweepInterval = .milliseconds(200) }
            try await node.begin()
            let definition = Self.definition(#""storage":"file""#, subjects: ["other.>"])
            try await client.jetStream("STREAM.UPDATE.\(Self.stream)", definition)
            let fault = try await node.waitForFault("cannot be used")
            #expect(fault.reason == .refused)
            try await node.finish()
        }
    }

    /// What makes a stream useless, and the words for it.
    private static let obstacles: [(options: String, subjects: [String], words: String)] = [
        (#""retention":"workqueue""#, subjects, "its retention is workqueue"),
        (#""no_ack":true"#, subjects, "(no_ack)"),
        ("", Array(subjects.dropFirst()), "it does not take gohub.broadcast"),
        ("", ["gohub.broadcast"], "it does not take gohub.topic.>, gohub.unicast.>, gohub.probe.>"),
    ]

    @Test("one that cannot carry the hub's messages is refused in words", arguments: obstacles.indices)
    func refuses(index: Int) async throws {
        let obstacle = Self.obstacles[index]
        try await withServer { server, client in
            let definition = Self.definition(obstacle.options, subjects: obstacle.subjects)
            try await client.jetStream("STREAM.CREATE.\(Self.stream)", definition)
            try await expectFault(obstacle.words, .refused, at: server)
            #expect(try await client.consumers() == [])
        }
    }

    @Test("one that is sealed is refused in words")
    func refusesSealed() async throws {
        try await withServer { server, client in
            try await client.jetStream("STREAM.CREATE.\(Self.stream)", Self.definition())
            try await client.jetStream("STREAM.UPDATE.\(Self.stream)", Self.definition(#""sealed":true"#))
            try await expectFault("it is sealed", .refused, at: server)
        }
    }

    @Test("a server without JetStream is told of")
    func withoutJetStream() async throws {
        try await withNATSServer { server in
            _ = try await expectFault("nobody answers for JetStream", .unreachable, at: server)
        }
    }

    @Test("an account without JetStream is told of")
    func accountWithoutJetStream() async throws {
        try await withNATSServer { options in
            options.jetStream = .init()
            options.lines = ["accounts: {A: {users: [{user: hub, password: one}]}}", "no_auth_user: hub"]
        } _: { server in
            _ = try await expectFault("JetStream not enabled", .unreachable, at: server)
        }
    }

    @Test("a server with less room than the stream wants is told of")
    func tooSmall() async throws {
        try await withNATSServer { options in
            options.jetStream = .init()
            options.jetStream?.maxFile = 1 << 20
        } _: { server in
            let fault = try await expectFault("insufficient storage resources", .refused, at: server)
            #expect(fault.message.contains("make the stream GOHUB_BUS"))
        }
    }

    @Test("more copies than there are servers are told of")
    func tooManyCopies() async throws {
        try await withServer { server, _ in
            try await expectFault("replicas", .refused, at: server) { $0.replicas = 3 }
        }
    }

    /// Expects that a node does not come up, and tries on.
    @discardableResult
    private func expectFault(
        _ words: String,
        _ reason: LinkFault.Reason,
        at server: NATSServer,
        _ change: (inout JetStreamSettings) -> Void = { _ in }
    ) async throws -> LinkFault {
        let node = try JetStreamNode("a", on: [server.port], change)
        try await node.start()
        let fault = try await node.waitForFault(words)
        #expect(fault.reason == reason)
        try await node.harness.wait(for: "another attempt") { $0.tap.downs >= 2 }
        #expect(try await node.harness.run { $0.sink.flows } == [])
        try await node.finish()
        return fault
    }
}
