// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("The consumers that nodes leave at JetStream", .needsNATS, .tags(.nats), .timeLimit(.minutes(1)))
struct JetStreamConsumerTests {
    private static let stream = JetStreamNode.stream

    private func withServer(_ body: (NATSServer, NATSTestClient) async throws -> Void) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            try await body(server, try await server.client())
        }
    }

    /// Makes a consumer as a node does, or somebody else.
    private func create(
        _ name: String,
        _ description: String,
        of subject: String = "gohub.topic.>",
        _ client: NATSTestClient
    ) async throws {
        let config = """
            {"durable_name":"\(name)","description":"\(description)","ack_policy":"all","filter_subject":"\(subject)"}
            """
        try await client.jetStream(
            "CONSUMER.DURABLE.CREATE.\(Self.stream).\(name)",
            "{\"stream_name\":\"\(Self.stream)\",\"config\":\(config)}"
        )
    }

    private func messages(_ client: NATSTestClient) async throws -> Double? {
        try await client.jetStream("STREAM.INFO.\(Self.stream)")["state"]?["messages"]?.number
    }

    @Test("a node has one, which names it, and takes it away when it leaves")
    func leaves() async throws {
        try await withServer { server, client in
            let nodes = try ["one", "a.b c*>"].map { try JetStreamNode($0, on: [server.port]) }
            for node in nodes { try await node.begin() }
            let names = try await client.consumers().sorted()
            #expect(names.count == 2)
            #expect(names[0].hasPrefix("a=2Eb=20c=2A=3E-"))
            #expect(names[1].hasPrefix("one-"))
            try await nodes[0].finish()
            #expect(try await client.consumers() == [names[0]])
            try await nodes[1].finish()
            #expect(try await client.consumers() == [])
        }
    }

    @Test("a connection takes away what the one before it has left")
    func abandoned() async throws {
        try await withServer { server, _ in
            try await withFaultProxy(to: server.port) { proxy in
                let node = try JetStreamNode("a", on: [proxy.port])
                try await node.begin()
                let client = try await server.client()
                var names = try await client.consumers()
                for _ in 0..<3 {
                    await proxy.cut()
                    try await node.waitUntilDown()
                    #expect(try await client.consumers() == names)
                    await proxy.heal()
                    try await node.waitUntilReady()
                    let former = names
                    names = try await eventually("one consumer") { () -> [String]? in
                        let names = try await client.consumers()
                        return names.count == 1 && names != former ? names : nil
                    }
                }
                try await node.finish()
                #expect(try await client.consumers() == [])
            }
        }
    }

    @Test("a node takes away what nodes that are gone have left, and nothing else")
    func sweeps() async throws {
        try await withServer { server, client in
            let nodes = try ["a", "b"].map {
                try JetStreamNode($0, on: [server.port]) { $0.sweepInterval = .seconds(1) }
            }
            for node in nodes { try await node.begin(wanting: []) }
            try await create("waiting", "a node of gohub", of: "gohub.broadcast", client)
            let patient = try await server.client()
            try await patient.subscribe("inbox")
            try await patient.publish(
                "$JS.API.CONSUMER.MSG.NEXT.\(Self.stream).waiting",
                Array(#"{"batch":1,"expires":60000000000}"#.utf8),
                reply: "inbox"
            )
            try await patient.flush()
            try await create("foreign", "of somebody else", client)
            let live = Set(try await client.consumers())
            #expect(live.count == 4)
            for round in 0..<2 {
                try await create("dead-\(round)", "a node of gohub", client)
                _ = try await eventually("the dead to be found") { () -> Bool? in
                    Set(try await client.consumers()) == live ? true : nil
                }
            }
            #expect(nodes.contains { $0.messages.contains("deleted the consumer of a node that is gone") })
            #expect(try await nodes[0].harness.run { $0.tap.faults } == [])
            for node in nodes { try await node.finish() }
        }
    }

    @Test("a node that has had no room for long is none of the dead")
    func withoutRoom() async throws {
        try await withServer { server, client in
            let nodes = try ["a", "b"].map { name in
                try JetStreamNode(name, on: [server.port]) { settings in
                    settings.retention = .interest
                    settings.sweepInterval = .seconds(1)
                    settings.maxAckPending = 10
                }
            }
            for node in nodes { try await node.begin() }
            let names = try await client.consumers()
            try await nodes[0].harness.run { $0.sink.hasRoom = false }
            for number in 0..<100 { try await client.store("news", "\(number)") }
            _ = try await nodes[1].waitForBare(100)
            // One that is dead for sure shows that it was looked for such.
            for round in 0..<2 {
                try await create("dead-\(round)", "a node of gohub", client)
                _ = try await eventually("the dead to be found") { () -> Bool? in
                    try await client.consumers().contains("dead-\(round)") ? nil : true
                }
            }
            #expect(Set(try await client.consumers()) == Set(names))
            try await nodes[0].makeRoom()
            #expect(try await nodes[0].waitForBare(100) == (0..<100).map(String.init))
            for node in nodes { try await node.finish() }
        }
    }

    @Test("with retention by interest, messages go when all nodes have acknowledged them, or are gone themselves")
    func interest() async throws {
        try await withServer { server, client in
            let nodes = try ["a", "b"].map { name in
                try JetStreamNode(name, on: [server.port]) { settings in
                    settings.retention = .interest
                    settings.sweepInterval = .seconds(1)
                }
            }
            for node in nodes { try await node.begin() }
            _ = try await eventually("no messages") { () -> Bool? in try await messages(client) == 0 ? true : nil }
            try await nodes[1].harness.run { $0.sink.hasRoom = false }
            for number in 0..<10 { try await client.store("news", "\(number)") }
            #expect(try await nodes[0].waitForBare(10).count == 10)
            #expect(try await messages(client) ?? 0 > 0)
            try await nodes[1].makeRoom()
            #expect(try await nodes[1].waitForBare(10).count == 10)
            _ = try await eventually("no messages") { () -> Bool? in try await messages(client) == 0 ? true : nil }

            try await create("dead", "a node of gohub", client)
            for number in 10..<20 { try await client.store("news", "\(number)") }
            for node in nodes { #expect(try await node.waitForBare(20) == (0..<20).map(String.init)) }
            _ = try await eventually("no messages, nor the dead") { () -> Bool? in
                let count = try await client.consumers().count
                return try await messages(client) == 0 && count == 2 ? true : nil
            }
            for node in nodes { try await node.finish() }
        }
    }
}
