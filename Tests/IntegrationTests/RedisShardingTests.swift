// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubRedis
import HubTesting
import Testing

/// Topics by sharded Pub/Sub in a real cluster, as nodes behind their links use it.
///
/// One after the other, as each has six servers of its own.
@Suite("Sharded Pub/Sub in a real Redis Cluster", .needsRedis, .tags(.redis), .serialized, .timeLimit(.minutes(3)))
struct RedisShardingTests {
    /// One in the slots of each master, which have a third each.
    private static let topics = ["a", "b", "d"].map(topic)

    private static func topic(_ name: String) -> BusTopic {
        Array("topic/\(name)".utf8).withUnsafeBytes { BusTopic($0) } ?? .broadcast
    }

    /// The slot of a topic's channel, as Redis itself says.
    private static func slot(_ topic: BusTopic, _ cluster: RedisCluster) async throws -> Int {
        let live = cluster.servers.first { $0.isLive }
        let server = try #require(live)
        let slot = try await server.command(["CLUSTER", "KEYSLOT", "gohub:\(topic)"]).integer
        return try #require(slot)
    }

    /// A node that begins with a node of the cluster, ready for the topics.
    private static func node(
        _ id: String,
        _ cluster: RedisCluster,
        at index: Int,
        _ change: (inout RedisSettings) -> Void = { _ in }
    ) async throws -> BusLoopHarness {
        var settings = RedisSettings()
        let ports = cluster.servers[index...].map(\.port) + cluster.servers[..<index].map(\.port)
        settings.addresses = ports.map { SocketAddress(host: "127.0.0.1", port: $0) }
        settings.mode = .cluster
        change(&settings)
        var link = BusLink.Settings()
        // What is tried out here is not how quick a machine is.
        link.publishTimeout = 5_000_000_000
        let node = try BusLoopHarness(id, patience: .seconds(60), link: link) { [settings] loop in
            // Fails only for files of TLS, of which there are none.
            do { return try RedisBus(settings, loop: loop) } catch { preconditionFailure("\(error)") }
        }
        try await node.run { node in
            node.link?.start()
            for topic in topics + [.broadcast] { node.link?.interest.want(topic) }
        }
        try await ready(node)
        return node
    }

    private static func ready(_ node: BusLoopHarness) async throws {
        try await node.wait(for: "messages to flow, and all interests") { node in
            node.sink.flows.last == true && node.link.map { $0.interest.generation <= node.tap.confirmed } == true
        }
    }

    private static func finish(_ nodes: [BusLoopHarness], _ cluster: RedisCluster) async throws {
        for node in nodes { #expect(try await node.finish() == []) }
        await cluster.stop()
    }

    private static func publish(_ count: Int, from node: BusLoopHarness) async throws {
        try await node.run { node in
            for _ in 0..<count {
                for topic in topics { node.publish(topic) }
            }
        }
        try await node.wait(for: "the answers") { $0.answers.isComplete }
    }

    @Test("carries topics by their masters whichever node is asked, and what outside programs publish either way, once")
    func carries() async throws {
        let cluster = try await RedisCluster()
        // A master, another master, a replica.
        let nodes = [
            try await Self.node("a", cluster, at: 0), try await Self.node("b", cluster, at: 1),
            try await Self.node("c", cluster, at: 3),
        ]
        for node in nodes {
            #expect(try await node.run { $0.tap.way } == "sharded")
            try await Self.publish(200, from: node)
        }
        for node in nodes {
            try await node.wait(for: "messages") { $0.sink.messages.count >= 1200 }
            for topic in Self.topics {
                let sequences = try await node.run { $0.sink.sequences(on: topic) }
                #expect(sequences.count == 400 && Set(sequences) == Set(1...200))
            }
        }
        // Each shard's own, and not all nodes of the cluster.
        var owners: Set<Int> = []
        for topic in Self.topics {
            let owner = try await cluster.owner(of: try await Self.slot(topic, cluster))
            owners.insert(owner.port)
            #expect(try await owner.shardChannels(matching: "gohub:\(topic)").count == 1)
            #expect(try await owner.command(["SPUBLISH", "gohub:\(topic)", "\"s\""]) == .integer(3))
            try await cluster.servers[5].command(["PUBLISH", "gohub:\(topic)", "\"p\""])
        }
        #expect(owners.count == 3)
        for node in nodes {
            try await node.wait(for: "bare payloads") { $0.sink.bare.count >= 6 }
            for topic in Self.topics {
                let bare = try await node.run { $0.sink.bare.filter { $0.topic == topic }.map(\.bytes) }
                #expect(Set(bare) == [Array("\"s\"".utf8), Array("\"p\"".utf8)] && bare.count == 2)
            }
            #expect(try await node.run { $0.sink.messages.count } == 1200)
            #expect(try await node.run { $0.sink.flows } == [true])
        }
        try await Self.finish(nodes, cluster)
    }

    @Test("connects anew when a slot that carries a topic moves, also where it only listens, and goes on")
    func movedSlot() async throws {
        let cluster = try await RedisCluster()
        let nodes = [try await Self.node("a", cluster, at: 0), try await Self.node("b", cluster, at: 4)]
        try await Self.publish(1, from: nodes[0])
        try await nodes[1].wait(for: "messages") { $0.sink.messages.count == 3 }
        let slot = try await Self.slot(Self.topics[0], cluster)
        let source = try await cluster.owner(of: slot)
        let masters = try await cluster.masters()
        let target = try #require(masters.first { $0 !== source })
        try await cluster.moveSlot(slot, to: target)
        for node in nodes {
            try await node.wait(for: "the end of the connection, and another one") { $0.sink.flows.count >= 3 }
            try await Self.ready(node)
            #expect(try await node.run { $0.tap.reasons.first } == .moved)
        }
        #expect(try await source.shardChannels(matching: "gohub:\(Self.topics[0])").isEmpty)
        let counts = try await nodes[1].run { $0.sink.messages.count }
        try await Self.publish(10, from: nodes[0])
        try await nodes[1].wait(for: "messages") { $0.sink.messages.count >= counts + 30 }
        #expect(try await nodes[1].run { $0.sink.sequences(on: Self.topics[0]) } == Array(1...11))
        try await Self.finish(nodes, cluster)
    }

    @Test("goes on with the successor of a master that is killed")
    func killedMaster() async throws {
        let cluster = try await RedisCluster()
        let nodes = [try await Self.node("a", cluster, at: 3), try await Self.node("b", cluster, at: 4)]
        let slot = try await Self.slot(Self.topics[0], cluster)
        try await cluster.killMaster(ofSlot: slot)
        for node in nodes {
            try await node.wait(for: "the end of the connection, and another one") { $0.sink.flows.count >= 3 }
            try await Self.ready(node)
        }
        try await Self.publish(10, from: nodes[0])
        try await nodes[1].wait(for: "messages") { $0.sink.messages.count >= 30 }
        #expect(try await nodes[1].run { $0.sink.sequences(on: Self.topics[0]) } == Array(1...10))
        try await Self.finish(nodes, cluster)
    }

    @Test("notices a master that stands still, also when nobody publishes to it")
    func frozenMaster() async throws {
        let cluster = try await RedisCluster()
        let node = try await Self.node("a", cluster, at: 3) {
            $0.probeAfter = .milliseconds(300)
            $0.probeTimeout = .milliseconds(300)
        }
        let frozen = try await cluster.owner(of: try await Self.slot(Self.topics[0], cluster))
        try await frozen.freeze()
        try await node.wait(for: "the end of the connection") { $0.sink.flows.count >= 2 }
        #expect(try await node.run { $0.tap.reasons.first } == .timeout)
        // Its replica takes over, and what it knew of the cluster is asked of another one.
        try await Self.ready(node)
        frozen.thaw()
        try await Self.finish([node], cluster)
    }

    @Test("says that a right is missing, on whichever node it is")
    func missingRight() async throws {
        let cluster = try await RedisCluster()
        let owner = try await cluster.owner(of: try await Self.slot(Self.topics[0], cluster))
        for server in cluster.servers {
            let rights = ["~*", "&*", "+@all"] + (server === owner ? ["-ssubscribe"] : [])
            try await server.command(["ACL", "SETUSER", "hub", "reset", "on", ">pw"] + rights)
        }
        var settings = RedisSettings()
        settings.addresses = [SocketAddress(host: "127.0.0.1", port: cluster.servers[4].port)]
        settings.mode = .cluster
        settings.user = "hub"
        settings.password = { BusSecret("pw") }
        let node = try BusLoopHarness("a", patience: .seconds(60), link: BusLink.Settings()) { [settings] loop in
            do { return try RedisBus(settings, loop: loop) } catch { preconditionFailure("\(error)") }
        }
        try await node.run { $0.link?.start() }
        try await node.wait(for: "the refusal") { $0.tap.reasons.contains(.refused) }
        #expect(try await node.run { $0.sink.flows } == [])
        try await owner.command(["ACL", "SETUSER", "hub", "+ssubscribe"])
        try await Self.ready(node)
        try await Self.finish([node], cluster)
    }
}
