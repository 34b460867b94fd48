// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubNATS
import HubTesting
import Testing

@Suite("How a connection to NATS ends", .tags(.nats), .needsNATS, .timeLimit(.minutes(2)))
struct NATSEndTests {
    @Test("a server that is about to end says so, is counted, and is left when it ends")
    func lameDuck() async throws {
        try await withNATSServer {
            $0.lameDuckGrace = .seconds(1)
            $0.lines = ["lame_duck_duration: \"30s\""]
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                #expect(try node.count("lame_duck_total") == 0)
                try await nats.lameDuck()
                _ = try await eventually("the word of the server") {
                    try node.count("lame_duck_total") == 1 ? true : nil
                }
                #expect(node.story.faults == [])
                #expect(try await node.publish([(.broadcast, [1])]) == [nil])
                try await nats.kill9()
                let fault = try await node.fault()
                #expect(fault.reason == .closed)
                #expect(fault.message.contains("127.0.0.1:\(nats.port)"))
                #expect(try node.count("lame_duck_total") == 1)
            }
        }
    }

    @Test("a server that is killed, or stopped, ends the connection as closed, once")
    func ends() async throws {
        try await withNATSServer { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                for round in 1...4 {
                    #expect(try await node.connect() == nil)
                    try await node.want([.add(.broadcast)])
                    if round % 2 == 0 { try await nats.kill9() } else { await nats.stop() }
                    let fault = try await node.fault(after: round - 1)
                    #expect(fault.reason == .closed, "\(fault.message)")
                    #expect(fault.message.contains("127.0.0.1:\(nats.port)"), "\(fault.message)")
                    try await nats.restart()
                }
                #expect(node.story.faults.count == 4)
                #expect(node.story.connections == 4)
            }
        }
    }

    @Test("what the server will not take from this node ends the connection, with its words")
    func maxPayload() async throws {
        try await withNATSServer {
            $0.maxPayload = 100_000
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                let large = [UInt8](repeating: 7, count: 100_001)
                #expect(try await node.publish([(.broadcast, large)]).map { $0?.code } == [.tooLarge])
                // The node does not know of it before it connects again.
                try nats.rewrite { $0.maxPayload = 1000 }
                try await nats.reload()
                _ = try await node.beginToPublish([(.broadcast, [UInt8](repeating: 7, count: 90_000))])
                let fault = try await node.fault()
                #expect(fault.message.contains("Maximum Payload"), "\(fault.reason): \(fault.message)")
                #expect(fault.message.contains("127.0.0.1:\(nats.port)"), "\(fault.message)")
                #expect(try await node.connect() == nil)
                let second = try await node.publish([(.broadcast, [UInt8](repeating: 7, count: 1001))])
                #expect(second.map { $0?.code } == [.tooLarge])
            }
        }
    }

    @Test(
        "a server that takes no messages as long as clients may send, and what stands around them, is told of once",
        arguments: [(1024, 0, 0), (1023, 1, 0), (0, 1, 0), (-1, 1, 1)]
    )
    func shortMessages(room: Int, lines: Int, warnings: Int) async throws {
        try await withNATSServer {
            $0.maxPayload = 100_000
        } _: { nats in
            var settings = NATSSettings([nats.port])
            settings.maxMessageBytes = 100_000 - room
            try await withNATSNode(settings) { node in
                for _ in 0..<2 {
                    let fault = try await node.connect()
                    #expect(fault == nil)
                    try await node.disconnect()
                }
                let line = "NATS takes shorter messages than clients may send"
                #expect(node.messages.filter { $0 == line }.count == lines)
                #expect(node.warnings == Array(repeating: line, count: warnings))
            }
        }
    }

    @Test(
        "a server may say anything of how long messages may be",
        arguments: [(Int.min, true), (-1, true), (0, true), (1, false), (Int.max, false)]
    )
    func strangePayload(limit: Int, isRefused: Bool) async throws {
        let server = try ScriptedNATS(ScriptedNATS.info(maxPayload: limit), answer: "PONG\r\n")
        try await withNATSNode(NATSSettings([server.port])) { node in
            let fault = try await node.connect()
            #expect(fault == nil, "\(fault?.message ?? "")")
            _ = try await node.beginToPublish([(.broadcast, [7])])
            if isRefused {
                let error = try await eventually("a refusal") { node.story.settled.values.first ?? nil }
                #expect(error.code == .tooLarge)
            }
            #expect(node.story.faults == [])
        }
        withExtendedLifetime(server) {}
    }

    @Test("a server that takes no more connections is told as that")
    func full() async throws {
        try await withNATSServer {
            $0.lines = ["max_connections: 1"]
        } _: { nats in
            let client = try await nats.client()
            try await withNATSNode(NATSSettings([nats.port])) { node in
                for _ in 0..<3 {
                    let fault = try await node.connect()
                    #expect(fault?.reason == .refused || fault?.reason == .closed, "\(fault?.message ?? "connected")")
                    #expect(fault?.message.contains("127.0.0.1:\(nats.port)") == true)
                }
                try await client.flush()
            }
        }
    }

    @Test("a node that was frozen so long that the server left it is told so by its connection")
    func slow() async throws {
        try await withNATSServer { options in
            options.maxPending = 100_000
            options.maxPayload = 50_000
            options.writeDeadline = .milliseconds(200)
        } _: { nats in
            try await withNATSNode(NATSSettings([nats.port])) { node in
                #expect(try await node.connect() == nil)
                try await node.want([.add(.broadcast)])
                let client = try await nats.client()
                let payload = [UInt8](repeating: 7, count: 50_000)
                let isHeld = Gate()
                node.loop.post { isHeld.wait() }
                _ = try await eventually("a slow client") { () -> Bool? in
                    for _ in 0..<50 { try await client.publish("gohub.broadcast", payload) }
                    try await client.flush()
                    return try await nats.slowConsumers > 0 ? true : nil
                }
                isHeld.open()
                let fault = try await node.fault()
                #expect(fault.reason == .closed || fault.reason == .refused, "\(fault.message)")
                #expect(try await node.connect() == nil)
                #expect(try await node.publish([(.broadcast, [1])]) == [nil])
            }
        }
    }

    @Test("one server of three is killed: its node goes on at another, and hears all that is published there")
    func cluster() async throws {
        try await withNATSCluster { cluster in
            let ports = cluster.servers.map(\.port)
            try await withNATSNode(NATSSettings([ports[0], ports[1], ports[2]])) { node in
                try await withNATSNode(NATSSettings([ports[1]])) { other in
                    for each in [node, other] {
                        #expect(try await each.connect() == nil)
                        try await each.want([.add(.broadcast)])
                    }
                    try await expectDelivery(from: other, to: node)
                    try await cluster.servers[0].kill9()
                    #expect(try await node.fault().reason == .closed)
                    #expect(try await node.connect() == nil)
                    try await node.want([.add(.broadcast)])
                    try await expectDelivery(from: other, to: node)
                    try await expectDelivery(from: node, to: other)
                    #expect(other.story.faults == [])
                    try await cluster.servers[0].restart()
                    try await cluster.waitUntilReady()
                    try await expectDelivery(from: other, to: node)
                }
            }
        }
    }

    /// Publishes until it arrives: an interest is known at the other servers a moment after its own one has confirmed it.
    private func expectDelivery(from sender: NATSNode, to receiver: NATSNode) async throws {
        let before = receiver.story.receivedCount
        _ = try await eventually("a message") { () -> Bool? in
            let errors = try await sender.publish([(.broadcast, [1])])
            #expect(errors == [nil])
            return receiver.story.receivedCount > before ? true : nil
        }
    }
}
