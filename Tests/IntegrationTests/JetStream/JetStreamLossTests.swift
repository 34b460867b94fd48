// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("A stream that is taken away from nodes", .needsNATS, .tags(.nats), .timeLimit(.minutes(2)))
struct JetStreamLossTests {
    private static let stream = JetStreamNode.stream
    /// The stream as somebody else makes it.
    private static let definition = """
        {"name":"\(stream)","subjects":["gohub.broadcast","gohub.topic.>","gohub.unicast.>","gohub.probe.>"]}
        """

    @Test("one that is deleted is told of, and is not made again; the node goes on with one that somebody makes")
    func deleted() async throws {
        try await withJetStreamNode { server, client, node in
            try await client.store("news", "of the first")
            #expect(try await node.waitForBare(1) == ["of the first"])
            let start = ContinuousClock.now
            try await client.jetStream("STREAM.DELETE.\(Self.stream)")
            let fault = try await node.waitForFault("the stream GOHUB_BUS is gone")
            #expect(ContinuousClock.now - start < .seconds(8))
            #expect(fault.reason == .refused)
            try await node.waitUntilDown()
            let attempts = try await node.harness.run { $0.tap.downs }
            try await node.harness.wait(for: "many attempts") { $0.tap.downs >= attempts + 10 }
            await expectFault("stream not found") { try await client.jetStream("STREAM.INFO.\(Self.stream)") }
            #expect(try await node.harness.run { $0.sink.flows } == [true, false])

            try await client.jetStream("STREAM.CREATE.\(Self.stream)", Self.definition)
            try await client.store("news", "one")
            try await node.waitUntilReady()
            try await client.store("news", "two")
            #expect(try await node.waitForBare(3).dropFirst() == ["one", "two"])
            #expect(node.messages.contains { $0.contains("another one than before") })
        }
    }

    @Test("one that is deleted and made again at once is read from its beginning")
    func replaced() async throws {
        try await withJetStreamNode { server, client, node in
            for number in 0..<10 { try await client.store("news", "old \(number)") }
            _ = try await node.waitForBare(10)
            try await client.jetStream("STREAM.DELETE.\(Self.stream)")
            try await client.jetStream("STREAM.CREATE.\(Self.stream)", Self.definition)
            for number in 0..<20 { try await client.store("news", "new \(number)") }
            #expect(try await node.waitForBare(30).dropFirst(10) == (0..<20).map { "new \($0)" }[...])
            try await node.waitUntilReady()
        }
    }

    @Test("one that is purged goes on, also over a break")
    func purged() async throws {
        try await withJetStreamNode { server, client, node in
            for number in 0..<10 { try await client.store("news", "\(number)") }
            _ = try await node.waitForBare(10)
            try await client.jetStream("STREAM.PURGE.\(Self.stream)")
            try await client.store("news", "10")
            _ = try await node.waitForBare(11)
            try await client.jetStream("STREAM.PURGE.\(Self.stream)")
            try await server.kill9()
            try await node.waitUntilDown()
            try await server.restart()
            let again = try await server.client()
            try await again.store("news", "11")
            try await node.waitUntilReady()
            try await again.store("news", "12")
            #expect(try await node.waitForBare(13) == (0..<13).map(String.init))
            #expect(node.warnings.isEmpty)
        }
    }

    @Test("what was purged before a node came to read it is not waited for")
    func purgedBehind() async throws {
        try await withBacklog(100) { _, client, node in
            try await client.jetStream("STREAM.PURGE.\(Self.stream)")
            try await node.makeRoom()
            try await node.waitUntilReady()
            let count = try await node.bareTexts().count
            #expect(try await node.bareTexts() == (0..<count).map(String.init))
            #expect(count < 20)
            try await node.harness.wait(for: "an end of being behind") { !$0.tap.isBehind }
            try await node.publish()
        }
    }

    @Test("a consumer that is deleted is told of, and another one reads on: nothing is lost, nothing comes twice")
    func consumerDeleted() async throws {
        try await withJetStreamNode { server, client, receiver in
            let sender = try JetStreamNode("sender", on: [server.port])
            try await sender.begin(wanting: [])
            try await sender.load()
            for _ in 0..<5 {
                try await sender.waitForSuccesses(200)
                let name = try #require(try await client.consumers().first { $0.hasPrefix("a-") })
                let faults = try await receiver.harness.run { $0.tap.faults.count }
                try await client.jetStream("CONSUMER.DELETE.\(Self.stream).\(name)")
                let fault = try await receiver.waitForFault("brings nothing any more", after: faults)
                #expect(fault.reason == .closed)
                try await receiver.waitUntilReady()
            }
            try await receiver.expect(try await sender.stopLoad())
            try await sender.finish()
            #expect(try await client.consumers().count == 1)
        }
    }

    @Test(
        "a stream with copies that seems shorter than it was is looked at again, as its new leader may not know of all yet",
        arguments: [true, false]
    )
    func shorter(growsAgain: Bool) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            try await withFaultProxy(to: server.port) { proxy in
                let node = try JetStreamNode("a", on: [proxy.port])
                try await node.begin()
                let client = try await server.client()
                for number in 0..<10 { try await client.store("news", "\(number)") }
                _ = try await node.waitForBare(10)
                let leader = try await Leader(at: server, Self.definition)

                await proxy.cut()
                try await node.waitUntilDown()
                await proxy.heal()
                try await leader.answer(missing: 5) { $0 == 3 }
                try await leader.answer(missing: growsAgain ? 0 : 3) { _ in
                    try await node.harness.run { $0.sink.flows.last == true }
                }
                try await client.store("news", "10")
                let texts = (0...10).map(String.init)
                try await node.harness.wait(for: "the last message") {
                    $0.sink.bare.last?.bytes.elementsEqual("10".utf8) == true
                }
                let received = try await node.bareTexts()
                if growsAgain {
                    #expect(received == texts)
                } else {
                    #expect(received.count > texts.count)
                }
                #expect(node.warnings.contains { $0.contains("has lost its last messages") } == !growsAgain)
                try await node.finish()
            }
        }
    }

    /// Says of a stream what a test wants, in the place of its leader.
    private struct Leader {
        private let client: NATSTestClient
        private let definition: String
        private let created: String
        private let last: Int

        /// Takes the place.
        init(at server: NATSServer, _ definition: String) async throws {
            client = try await server.client()
            let info = try await client.jetStream("STREAM.INFO.\(stream)")
            created = try #require(info["created"]?.string)
            last = Int(try #require(info["state"]?["last_seq"]?.number))
            self.definition = definition
            try await client.subscribe("leader")
            try server.rewrite { $0.lines = [#"mappings: {"$JS.API.STREAM.INFO.\#(stream)": "leader"}"#] }
            try await server.reload()
        }

        /// Says that the stream has copies, and lacks some of its last messages.
        ///
        /// - Parameter isOver: Whether that was said often enough.
        func answer(missing: Int, until isOver: (Int) async throws -> Bool) async throws {
            let config = definition.replacing(#"{"name""#, with: #"{"num_replicas":3,"name""#)
            let state = #"{"last_seq":\#(last - missing)}"#
            var count = 0
            while try await !isOver(count) {
                // Throws when nobody asks, and that may have come to its end meanwhile.
                guard let request = try? await client.next(within: .milliseconds(100)) else { continue }
                let info = #"{"config":\#(config),"created":"\#(created)","state":\#(state)}"#
                try await client.publish(try #require(request.reply), info)
                count += 1
            }
        }
    }
}
