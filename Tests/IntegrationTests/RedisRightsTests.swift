// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Foundation
import HubTesting
import Testing

/// The rights that `configs/redis.yaml` gives the hub's user, at a real Redis.
@Suite("Rights of the example for Redis", .tags(.redis), .needsRedis, .timeLimit(.minutes(1)))
struct RedisRightsTests {
    /// The line of the file that makes a user, without its `#`.
    private static func line(of user: String, with rights: String) throws -> [String] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("configs/redis.yaml")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let words = lines.map { $0.split(separator: " ").drop { $0 == "#" }.map(String.init) }
        return try #require(words.first { $0.starts(with: ["ACL", "SETUSER", user]) && $0.contains(rights) })
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
                ["PING"], ["SELECT", "3"], ["CLIENT", "SETNAME", "gohub"], ["ROLE"], ["INFO", "server"],
                ["PUBLISH", "gohub:broadcast", "x"], ["SPUBLISH", "gohub:topic/a", "x"],
                ["SUBSCRIBE", "gohub:broadcast", "gohub:topic/a"], ["PSUBSCRIBE", "gohub:unicast/*"],
                ["PSUBSCRIBE", "gohub:*"], ["SSUBSCRIBE", "gohub:topic/a"], ["UNSUBSCRIBE", "gohub:topic/a"],
                ["PUNSUBSCRIBE", "gohub:unicast/*"], ["SUNSUBSCRIBE", "gohub:topic/a"],
                ["XADD", "gohub:stream", "MAXLEN", "~", "1000", "*", "field", "value"],
                ["XREAD", "COUNT", "1", "STREAMS", "gohub:stream", "0"], ["XRANGE", "gohub:stream", "-", "+"],
                ["XREVRANGE", "gohub:stream", "+", "-", "COUNT", "1"], ["XINFO", "STREAM", "gohub:stream"],
            ],
            [
                ["PUBLISH", "other", "x"], ["SPUBLISH", "other", "x"], ["SUBSCRIBE", "other"],
                ["SUBSCRIBE", "gohub:broadcast", "other"], ["PSUBSCRIBE", "*"], ["SSUBSCRIBE", "other"],
                ["XADD", "other", "*", "field", "value"], ["XREAD", "COUNT", "1", "STREAMS", "other", "0"],
                ["XRANGE", "other", "-", "+"], ["XINFO", "STREAM", "other"], ["XTRIM", "gohub:stream", "MAXLEN", "1"],
                ["GET", "gohub:a"], ["SET", "gohub:a", "x"], ["DEL", "gohub:stream"], ["KEYS", "*"], ["FLUSHALL"],
                ["CONFIG", "GET", "*"], ["CLIENT", "LIST"], ["PUBSUB", "CHANNELS"], ["ACL", "WHOAMI"],
            ],
            user: "gohub",
            with: "&gohub:*"
        )
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
