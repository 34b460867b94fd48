// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import Testing

@Suite("Nodes on JetStream whose server fails", .needsNATS, .tags(.nats), .timeLimit(.minutes(4)))
struct JetStreamOutageTests {
    enum Fault: CaseIterable, Sendable {
        case kill, freeze

        func strike(_ server: NATSServer) async throws {
            switch self {
            case .kill: try await server.kill9()
            case .freeze: try await server.freeze()
            }
        }

        func heal(_ server: NATSServer) async throws {
            switch self {
            case .kill: try await server.restart()
            case .freeze: server.thaw()
            }
        }
    }

    @Test("what the server has taken arrives at another node, once and in order", arguments: Fault.allCases)
    func underLoad(fault: Fault) async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            let sender = try JetStreamNode("sender", on: [server.port])
            let receiver = try JetStreamNode("receiver", on: [server.port])
            try await sender.begin(wanting: [])
            try await receiver.begin()
            try await sender.load()
            for _ in 0..<5 {
                try await sender.waitForSuccesses(300)
                try await fault.strike(server)
                for node in [sender, receiver] { try await node.waitUntilDown() }
                try await fault.heal(server)
                for node in [sender, receiver] { try await node.waitUntilReady() }
            }
            try await receiver.expect(try await sender.stopLoad())
            for node in [sender, receiver] { try await node.finish() }
            #expect(try await server.client().consumers() == [])
        }
    }

    @Test("a node may read on for longer than a probe may take, and is ready at the end by its first attempt")
    func distant() async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { server in
            try await withFaultProxy(to: server.port) { proxy in
                let node = try JetStreamNode("a", on: [proxy.port]) { $0.maxAckPending = 100 }
                try await node.begin()
                await proxy.cut()
                try await node.waitUntilDown()
                let client = try await server.client()
                for number in 0..<1000 { try await client.publish("gohub.topic.news", "\(number)") }
                try await client.flush()
                let before = try await node.harness.run { $0.tap.downs + $0.tap.disconnects }
                await proxy.heal()
                await proxy.delay(by: .milliseconds(200))
                try await node.waitUntilReady()
                #expect(try await node.bareTexts() == (0..<1000).map(String.init))
                // One that was refused in between may have come on top, and no other.
                #expect(try await node.harness.run { $0.tap.downs + $0.tap.disconnects } <= before + 1)
                try await node.finish()
            }
        }
    }

    @Test("a node that has not read on to the end notices that the server stands still")
    func frozenWithABacklog() async throws {
        try await withBacklog(100) { server, _, node in
            let before = try await node.harness.run { $0.tap.disconnects }
            try await server.freeze()
            try await node.makeRoom()
            let start = ContinuousClock.now
            try await node.harness.wait(for: "the connection to be left") { $0.tap.disconnects > before }
            #expect(ContinuousClock.now - start < .seconds(12))
            server.thaw()
            try await node.waitUntilReady()
            #expect(try await node.waitForBare(100) == (0..<100).map(String.init))
        }
    }
}
