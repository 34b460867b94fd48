// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("Real Sentinels for tests", .tags(.redis), .needsRedis, .timeLimit(.minutes(2)))
struct RedisSentinelTests {
    @Test("agree on the master, on another one that is asked for, and after all were restarted")
    func failOver() async throws {
        let group = try await RedisSentinels(replicas: 2, password: "secret", sentinelPassword: "watchword")
        let first = try await group.master()
        #expect(first === group.servers[0])
        #expect(try await group.masterAddress() == ("127.0.0.1", first.port))
        try await first.command(["SET", "key", "value"])
        try await first.command(["WAIT", "2", "5000"])
        let second = try await group.failOver()
        #expect(second !== first)
        #expect(try await second.command(["GET", "key"]) == .text("value"))
        #expect(try await first.info("replication")["master_port"] == "\(second.port)")
        try await group.restartAll()
        #expect(try await group.master() === second)
        let sentinel = try await group.sentinels[2].client(password: "watchword")
        #expect(try await sentinel.call(["SENTINEL", "CKQUORUM", group.masterName]).text?.hasPrefix("OK 3") == true)
        await group.stop()
        for server in group.servers + group.sentinels { #expect(!server.isLive) }
    }

    @Test("make a replica the master when the master is killed, and take it back as a replica")
    func killMaster() async throws {
        let group = try await RedisSentinels()
        let killed = try await group.killMaster()
        #expect(killed === group.servers[0])
        let successor = try await group.waitForMaster(otherThan: killed.port)
        #expect(successor === group.servers[1])
        try await killed.restart()
        #expect(try await group.waitForMaster(otherThan: killed.port) === successor)
        #expect(try await killed.info("replication")["role"] == "slave")
        await group.stop()
    }
}
