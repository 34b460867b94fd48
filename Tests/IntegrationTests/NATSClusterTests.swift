// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@Suite("A cluster of real NATS servers for tests", .tags(.nats), .needsNATS, .timeLimit(.minutes(2)))
struct NATSClusterTests {
    @Test("three servers hand on what the others' clients publish, also after one was killed and came back")
    func routes() async throws {
        try await withNATSCluster { cluster in
            #expect(Set(cluster.servers.map(\.name)).count == 3)
            #expect(try await cluster.leader() == nil)
            try await expectDelivery(from: cluster.servers[0], to: cluster.servers[1])
            try await cluster.servers[2].kill9()
            try await cluster.waitUntilReady()
            try await expectDelivery(from: cluster.servers[0], to: cluster.servers[1])
            try await cluster.servers[2].restart()
            try await cluster.waitUntilReady()
            try await expectDelivery(from: cluster.servers[2], to: cluster.servers[1])
            try await expectDelivery(from: cluster.servers[0], to: cluster.servers[2])
        }
    }

    @Test("a stream with three copies survives its leader")
    func streams() async throws {
        try await withNATSCluster {
            $0.jetStream = .init()
        } _: { cluster in
            #expect(try await cluster.leader() != nil)
            try await cluster.servers[0].client().jetStream(
                "STREAM.CREATE.rooms",
                #"{"name":"rooms","subjects":["room.>"],"num_replicas":3}"#
            )
            let first = try await eventually("a leader") { try await cluster.leader(ofStream: "rooms") }
            let stored = try await cluster.servers[1].client().request("room.1", Array("one".utf8))
            #expect(stored.text.contains(#""seq":1"#))
            try await first.kill9()
            let second = try await eventually("another leader", within: .seconds(60)) {
                try await cluster.leader(ofStream: "rooms")
            }
            #expect(second.name != first.name)
            #expect(try await second.client().request("room.2").text.contains(#""seq":2"#))
            try await first.restart()
            try await cluster.waitUntilReady()
            _ = try await eventually("the copy to be in step") { () -> Bool? in
                try await first.stream("rooms")?["state"]?["messages"]?.number == 2 ? true : nil
            }
        }
    }

    private func expectDelivery(from publisher: NATSServer, to listener: NATSServer) async throws {
        let receiver = try await listener.client()
        try await receiver.subscribe("room")
        let sender = try await publisher.client()
        // Until the subscription has got around, what is published goes nowhere.
        _ = try await eventually("a subscription to get around") {
            try await sender.publish("room", "hello")
            return try? await receiver.next(within: .milliseconds(50))
        }
    }
}
