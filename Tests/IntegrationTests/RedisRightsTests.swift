// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
import HubBus
import HubLoop
import HubRedis
import HubTesting
import Testing

/// The rights that `configs/redis.yaml` gives the hub's user, at a real Redis.
@Suite("Rights of the example for Redis", .tags(.redis), .needsRedis, .timeLimit(.minutes(1)))
struct RedisRightsTests {
    /// What a cluster's node needs beside the line of the hub's user.
    private static let clusterRights: [RedisSettings.Delivery: [String]] = [
        .pubsub: ["+cluster|shards", "+spublish", "+ssubscribe", "+sunsubscribe"], .streams: ["+cluster|slots"],
    ]

    /// The words of each line of a file of the project, without its `#`.
    private static func lines(of path: String) throws -> [[String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(path)
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: " ").drop { $0 == "#" }.map(String.init)
        }
    }

    /// The line of the file that makes a user.
    private static func line(of user: String, with rights: String) throws -> [String] {
        let lines = try lines(of: "configs/redis.yaml")
        return try #require(lines.first { $0.starts(with: ["ACL", "SETUSER", user]) && $0.contains(rights) })
    }

    @Test("the document gives the users the same rights as the file")
    func document() throws {
        let (file, document) = (try Self.lines(of: "configs/redis.yaml"), try Self.lines(of: "docs/bus_spec.md"))
        let users = file.filter { $0.starts(with: ["ACL", "SETUSER"]) }
        #expect(users.count == 3)
        #expect(
            document.filter { $0.starts(with: ["ACL", "SETUSER"]) }.sorted { "\($0)" < "\($1)" }
                == users.sorted { "\($0)" < "\($1)" }
        )
        for rights in Self.clusterRights.values.map({ $0.joined(separator: " ") }) {
            for text in [file, document] {
                #expect(text.contains { $0.joined(separator: " ").contains(rights) }, "\(rights)")
            }
        }
    }

    /// Logs in as a user of the file and tries commands; those that another right stands against answer `NOPERM`.
    private static func tryOut(
        _ allowed: [[String]],
        _ refused: [[String]],
        user: String,
        with rights: String
    ) async throws {
        try await withRedisServer { redis in
            try await redis.command(try line(of: user, with: rights))
            for words in allowed {
                // One connection each: who has subscribed may do nothing else there.
                let client = try await redis.client(user: user, password: "PASSWORD")
                _ = try await client.call(words)
            }
            for words in refused {
                let client = try await redis.client(user: user, password: "PASSWORD")
                let fault = await #expect(throws: ProcessFault.self, "\(words)") { try await client.call(words) }
                #expect(fault?.message.contains("NOPERM") == true, "\(words): \(fault?.message ?? "allowed")")
            }
        }
    }

    @Test("the hub's user may do what the hub does, and nothing else")
    func hub() async throws {
        try await Self.tryOut(
            [
                ["PING"], ["SELECT", "3"], ["CLIENT", "SETNAME", "gohub"], ["ROLE"],
                ["PUBLISH", "gohub:broadcast", "x"],
                ["SUBSCRIBE", "gohub:broadcast", "gohub:topic/a"], ["PSUBSCRIBE", "gohub:unicast/*"],
                ["PSUBSCRIBE", "gohub:*"], ["UNSUBSCRIBE", "gohub:topic/a"],
                ["XADD", "gohub:stream", "MAXLEN", "~", "1000", "*", "field", "value"],
                ["XREAD", "COUNT", "1", "STREAMS", "gohub:stream", "0"],
            ],
            [
                ["PUBLISH", "other", "x"], ["SUBSCRIBE", "other"], ["SUBSCRIBE", "gohub:broadcast", "other"],
                ["PSUBSCRIBE", "*"], ["SPUBLISH", "gohub:topic/a", "x"], ["SSUBSCRIBE", "gohub:topic/a"],
                ["PUNSUBSCRIBE", "gohub:unicast/*"], ["XADD", "gohub:other", "*", "field", "value"],
                ["XREAD", "COUNT", "1", "STREAMS", "gohub:other", "0"], ["XREVRANGE", "gohub:stream", "+", "-"],
                ["XRANGE", "gohub:stream", "-", "+"], ["XINFO", "STREAM", "gohub:stream"],
                ["XTRIM", "gohub:stream", "MAXLEN", "1"], ["INFO", "server"], ["GET", "gohub:a"],
                ["SET", "gohub:a", "x"], ["DEL", "gohub:stream"], ["KEYS", "*"], ["FLUSHALL"],
                ["CONFIG", "GET", "*"], ["CLIENT", "LIST"], ["PUBSUB", "CHANNELS"], ["ACL", "WHOAMI"],
            ],
            user: "gohub",
            with: "&gohub:*"
        )
    }

    /// What the adapter does, with the user of the file, is done without a refusal.
    private static func run(_ settings: RedisSettings) async throws {
        let contract = BusContract { loop in
            // Fails only for files of TLS, of which there are none.
            do { return try RedisBus(settings, loop: loop) } catch { preconditionFailure("\(error)") }
        }
        for check in [BusContract.Check.linkPublishesAll, .takesAPrefixForAllBelow, .endsInterests] {
            #expect(try await contract.violations(of: check) == [], "\(settings.delivery) \(check)")
        }
    }

    @Test("the hub's user has no right that the hub does not use, and all that it uses")
    func least() async throws {
        try await withRedisServer { redis in
            let line = try Self.line(of: "gohub", with: "&gohub:*")
            try await redis.command(line)
            try await redis.command(["ACL", "LOG", "RESET"])
            try await redis.command(["CONFIG", "RESETSTAT"])
            for delivery in RedisSettings.Delivery.allCases {
                var settings = RedisSettings()
                settings.addresses = [SocketAddress(host: "127.0.0.1", port: redis.port)]
                settings.user = "gohub"
                settings.password = { BusSecret("PASSWORD") }
                settings.database = 1
                settings.delivery = delivery
                try await Self.run(settings)
            }
            #expect(try await redis.command(["ACL", "LOG"]).texts == [])
            let used = Set(try await redis.info("commandstats").keys.map { $0.replacing("cmdstat_", with: "") })
            let rights = Set(line.filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) })
            #expect(rights.subtracting(used) == [])
        }
    }

    @Test("the sentinels' user may do what the hub does there, and nothing else")
    func sentinels() async throws {
        let group = try await RedisSentinels()
        let line = try Self.line(of: "gohub", with: "&+switch-master")
        for sentinel in group.sentinels { try await sentinel.command(line) }
        var settings = RedisSettings()
        settings.addresses = group.sentinels.map { SocketAddress(host: "127.0.0.1", port: $0.port) }
        settings.mode = .sentinel
        settings.masterName = "hub"
        settings.sentinelUser = "gohub"
        settings.sentinelPassword = { BusSecret("PASSWORD") }
        try await Self.run(settings)
        for sentinel in group.sentinels {
            #expect(try await sentinel.command(["ACL", "LOG"]).texts == [])
            for words in [
                ["SENTINEL", "SENTINELS", "hub"], ["SENTINEL", "FAILOVER", "hub"], ["SUBSCRIBE", "+sdown"],
            ] {
                let client = try await sentinel.client(user: "gohub", password: "PASSWORD")
                let fault = await #expect(throws: ProcessFault.self, "\(words)") { try await client.call(words) }
                #expect(fault?.message.contains("NOPERM") == true, "\(words): \(fault?.message ?? "allowed")")
            }
        }
        await group.stop()
    }

    @Test(
        "the hub's user is a node of a cluster with the rights that the file names for that",
        .serialized,
        arguments: RedisSettings.Delivery.allCases
    )
    func cluster(delivery: RedisSettings.Delivery) async throws {
        let cluster = try await RedisCluster()
        let line = try Self.line(of: "gohub", with: "&gohub:*")
        let rights = try #require(Self.clusterRights[delivery])
        for server in cluster.servers { try await server.command(line + rights) }
        var settings = RedisSettings()
        settings.addresses = [SocketAddress(host: "127.0.0.1", port: cluster.servers[0].port)]
        settings.mode = .cluster
        settings.delivery = delivery
        settings.user = "gohub"
        settings.password = { BusSecret("PASSWORD") }
        let node = try BusLoopHarness("a", patience: .seconds(30), link: nil) { [settings] loop in
            // Fails only for files of TLS, of which there are none.
            do { return try RedisBus(settings, loop: loop) } catch { preconditionFailure("\(error)") }
        }
        let topics = (0..<10).compactMap { number in
            Array("topic/\(number)".utf8).withUnsafeBytes { BusTopic($0) }
        }
        try await node.connect(wanting: [.addPrefix("unicast/"), .add(.broadcast)] + topics.map { .add($0) })
        try await node.publish((topics + [.broadcast]).map { ($0, [1]) })
        for topic in topics { try await node.receive(1, on: topic) }
        try await node.change(topics.map { .remove($0) })
        #expect(try await node.run { $0.tap.failures } == [])
        #expect(try await node.finish() == [])
        await cluster.stop()
    }

    @Test("the publisher's user may publish to topics and to all, and nothing else")
    func publisher() async throws {
        try await Self.tryOut(
            [["PING"], ["PUBLISH", "gohub:broadcast", "x"], ["PUBLISH", "gohub:topic/a", "x"]],
            [
                ["PUBLISH", "gohub:nodes", "x"], ["PUBLISH", "gohub:node/a", "x"], ["PUBLISH", "other", "x"],
                ["SUBSCRIBE", "gohub:broadcast"], ["GET", "gohub:a"],
            ],
            user: "publisher",
            with: "+publish"
        )
    }
}
