// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("A real Redis Cluster for tests", .tags(.redis), .needsRedis, .timeLimit(.minutes(2)))
struct RedisClusterTests {
    /// That of `key`, which lies in the third of the last master.
    private static let slot = 12_539

    @Test("redirects, moves a slot with its keys, and replaces a master that was killed")
    func lives() async throws {
        let cluster = try await RedisCluster { $0.password = "secret" }
        let nodes = try await cluster.nodes()
        #expect(nodes.count == 6)
        #expect(nodes.filter(\.isMaster).map(\.slots.count) == [1, 1, 1])
        #expect(Set(nodes.map(\.port)) == Set(cluster.servers.map(\.port)))
        #expect(Set(nodes.map(\.port)).isDisjoint(with: nodes.map(\.busPort)))
        let masters = try await cluster.masters()
        #expect(masters.map(\.port) == cluster.servers.prefix(3).map(\.port))

        let (target, source) = (masters[0], masters[2])
        #expect(try await cluster.owner(of: Self.slot) === source)
        try await expectRedirect("MOVED \(Self.slot) 127.0.0.1:\(source.port)", from: target)
        try await source.command(["SET", "key", "value"])
        try await cluster.beginMove(of: Self.slot, to: target)
        #expect(try await source.command(["GET", "key"]) == .text("value"))
        try await source.command(["DEL", "key"])
        try await expectRedirect("ASK \(Self.slot) 127.0.0.1:\(target.port)", from: source)
        try await cluster.finishMove(of: Self.slot, to: target)
        #expect(try await cluster.owner(of: Self.slot) === target)
        try await expectRedirect("MOVED \(Self.slot) 127.0.0.1:\(target.port)", from: source)

        try await target.command(["SET", "key", "value"])
        try await cluster.moveSlot(Self.slot, to: source)
        #expect(try await source.command(["GET", "key"]) == .text("value"))

        try await source.command(["WAIT", "1", "5000"])
        let (killed, successor) = try await cluster.killMaster(ofSlot: Self.slot)
        #expect(killed === source)
        #expect(successor === cluster.servers[5])
        #expect(try await successor.command(["GET", "key"]) == .text("value"))
        try await killed.restart()
        try await cluster.waitUntilReady()
        #expect(try await cluster.nodes().filter(\.isMaster).count == 3)
        #expect(try await killed.info("replication")["role"] == "slave")
        await cluster.stop()
    }

    private func expectRedirect(_ words: String, from server: RedisServer) async throws {
        let fault = await #expect(throws: ProcessFault.self) { try await server.command(["GET", "key"]) }
        #expect(fault?.message.contains(words) == true, "\(fault.map { "\($0)" } ?? "no fault")")
    }
}
