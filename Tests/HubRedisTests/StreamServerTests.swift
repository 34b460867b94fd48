// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubMetrics
import HubRedis
import HubTesting
import Synchronization
import Testing

/// What others do to the stream of a real Redis, and how nodes get over it.
@Suite("A stream that others write to", .needsRedis)
struct StreamServerTests {
    /// Runs a body with two nodes that are ready.
    private func withNodes(_ body: (RedisServer, [LinkNode]) async throws -> Void) async throws {
        let server = try await RedisServer()
        defer { withExtendedLifetime(server) {} }
        var settings = RedisSettings()
        settings.addresses = [SocketAddress(host: "127.0.0.1", port: server.port)]
        settings.delivery = .streams
        let nodes = try ["a", "b"].map { try LinkNode($0, settings) }
        for node in nodes { try await node.ready() }
        try await body(server, nodes)
        for node in nodes { await node.close() }
        await server.stop()
    }

    private func add(_ id: String, _ topic: String, _ payload: String) -> [String] {
        ["XADD", "gohub:stream", id, "t", topic, "p", payload]
    }

    /// Waits until nodes have lost the bus, or have it back.
    private func await(_ nodes: [LinkNode], flows: Bool) async throws {
        _ = try await eventually("the bus to be \(flows ? "back" : "lost")") {
            nodes.allSatisfy { $0.sink.flows.withLock { $0.last == flows && $0.count > 1 } } ? true : nil
        }
    }

    /// Waits until a message goes from one node to the other.
    private func awaitMessage(_ number: UInt64, _ nodes: [LinkNode]) async throws {
        nodes[0].broadcast(number)
        _ = try await eventually("the message") { nodes[1].sink.received.withLock { $0.last } == number ? true : nil }
    }

    @Test("an entry that is too large to be read is skipped")
    func tooLargeEntry() async throws {
        try await withNodes { server, nodes in
            let payload = String(repeating: "x", count: 65 << 20)
            try await server.command(add("*", "topic/any", payload), within: .seconds(60))
            try await self.await(nodes, flows: true)
            try await awaitMessage(1, nodes)
        }
    }

    @Test("many entries that are too large together are read one by one, and nothing is lost")
    func tooLargeTogether() async throws {
        try await withNodes { server, nodes in
            let client = try await server.client()
            _ = try await client.call(["MULTI"])
            _ = try await client.call(add("*", "broadcast", "first"))
            let payload = String(repeating: "x", count: 2_300_000)
            for _ in 0..<35 { _ = try await client.call(add("*", "topic/any", payload)) }
            _ = try await client.call(add("*", "broadcast", "last"))
            _ = try await client.call(["EXEC"])
            for node in nodes {
                _ = try await eventually("all of them") {
                    node.sink.bare.withLock { $0 } == ["first", "last"] ? true : nil
                }
            }
            #expect(
                nodes.allSatisfy { $0.sink.flows.withLock { $0.starts(with: [true, false]) } },
                "they came together"
            )
        }
    }

    @Test("a stream that is deleted and counts on from an earlier time is read on")
    func earlierTime() async throws {
        try await withNodes { server, nodes in
            // A day ahead, and so is what comes behind it.
            let later = WallClock.unixMilliseconds() + 86_400_000
            try await server.command(add("\(later)-0", "topic/any", "1"))
            try await awaitMessage(1, nodes)
            try await server.command(["DEL", "gohub:stream"])
            try await self.await(nodes, flows: true)
            try await awaitMessage(2, nodes)
        }
    }

    @Test("a stream that takes no more entries makes nodes unready until it is deleted")
    func exhausted() async throws {
        try await withNodes { server, nodes in
            try await server.command(add("\(UInt64.max)-\(UInt64.max)", "topic/any", "1"))
            try await self.await(nodes, flows: false)
            try await server.command(["DEL", "gohub:stream"])
            try await self.await(nodes, flows: true)
            try await awaitMessage(1, nodes)
        }
    }
}
