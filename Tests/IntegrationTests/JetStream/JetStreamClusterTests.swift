// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubNATS
import HubTesting
import HubWire
import Testing

@Suite("Nodes on a stream with three copies", .needsNATS, .tags(.nats), .timeLimit(.minutes(5)))
struct JetStreamClusterTests {
    @Test("what was taken arrives once and in order, though leaders are killed")
    func leaders() async throws {
        try await withNATSCluster {
            $0.jetStream = .init()
        } _: { cluster in
            let ports = cluster.servers.map(\.port)
            let sender = try JetStreamNode("sender", on: ports, patience: .seconds(90)) { $0.replicas = 3 }
            let receiver = try JetStreamNode("receiver", on: ports.reversed(), patience: .seconds(90)) {
                $0.replicas = 3
            }
            try await sender.begin(wanting: [])
            try await receiver.begin()
            try await killUnderLoad(cluster, [sender, receiver]) {
                try await eventually("a leader", within: .seconds(60)) {
                    try await cluster.leader(ofStream: JetStreamNode.stream)
                }
            }
            try await receiver.expect(try await sender.stopLoad())
            for node in [sender, receiver] { try await node.finish() }
        }
    }

    @Test("what a consumer's leader had sent just before its end is not passed over")
    func consumerLeader() async throws {
        try await withNATSCluster {
            $0.jetStream = .init()
        } _: { cluster in
            let ports = cluster.servers.map(\.port)
            let sender = try JetStreamNode("sender", on: ports, patience: .seconds(90)) { $0.replicas = 3 }
            // One that is silent for a while is not left: the consumer goes on with another leader.
            var link = JetStreamNode.link
            link.supervisor.probeAfter = 30_000_000_000
            let receiver = try JetStreamNode("receiver", on: [ports[0]], link: link, patience: .seconds(90)) {
                $0.replicas = 3
            }
            try await receiver.begin()
            try await sender.begin(wanting: [])
            try await killUnderLoad(cluster, [sender, receiver]) {
                try await eventually("a leader elsewhere than where the node is connected") {
                    try await leaderElsewhere(cluster)
                }
            }
            try await receiver.expect(try await sender.stopLoad())
            for node in [sender, receiver] { try await node.finish() }
        }
    }

    /// Kills a leader three times while the first of some nodes publishes, and lets it come back each time.
    private func killUnderLoad(
        _ cluster: NATSCluster,
        _ nodes: [JetStreamNode],
        _ leader: () async throws -> NATSServer
    ) async throws {
        try await nodes[0].load()
        for _ in 0..<3 {
            try await nodes[0].waitForSuccesses(300)
            let leader = try await leader()
            try await leader.kill9()
            try await nodes[0].waitForSuccesses(300)
            // Servers that share two processors with a load do not come to be in step.
            try await nodes[0].pause()
            try await leader.restart()
            try await waitForCopies(cluster)
            for node in nodes { try await node.waitUntilReady() }
            try await nodes[0].load()
        }
    }

    /// The leader of the receiver's consumer, once it is another server than that to which the node is connected.
    private func leaderElsewhere(_ cluster: NATSCluster) async throws -> NATSServer? {
        for server in cluster.servers where server.isLive {
            let consumers = try await server.stream(JetStreamNode.stream)?["consumer_detail"]?.array ?? []
            guard let consumer = consumers.last(where: { $0["name"]?.string?.hasPrefix("receiver-") == true }),
                let name = consumer["name"]?.string, consumer["cluster"]?["leader"]?.string == server.name
            else { continue }
            let isHere = try await server.connections().contains { connection in
                connection.subscriptions.contains { $0.hasPrefix("gohub.pull.") }
                    && connection.subscriptions.contains { $0.hasSuffix(".\(name)") }
            }
            guard isHere else { return server }
            try await server.client().jetStream("CONSUMER.LEADER.STEPDOWN.\(JetStreamNode.stream).\(name)")
        }
        return nil
    }

    /// Waits until each server has all of the stream; some find themselves out of order for long, as consumers went meanwhile.
    private func waitForCopies(_ cluster: NATSCluster) async throws {
        _ = try await eventually("all copies to be in step", within: .seconds(60)) { () -> Bool? in
            let leader = try await cluster.leader(ofStream: JetStreamNode.stream)
            let replicas = try await leader?.stream(JetStreamNode.stream)?["cluster"]?["replicas"]?.array ?? []
            return replicas.count == 2 && replicas.allSatisfy { $0["current"]?.boolean == true } ? true : nil
        }
    }
}
