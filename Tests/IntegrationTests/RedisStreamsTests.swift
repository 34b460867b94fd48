// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubRedis
import HubTesting
import Testing

/// Streams of a real Redis that is far away.
@Suite("A stream of a distant Redis", .needsRedis, .tags(.redis), .timeLimit(.minutes(2)))
struct RedisStreamsTests {
    private static let news = Array("topic/news".utf8).withUnsafeBytes { BusTopic($0) } ?? .broadcast
    private static let script = """
        for number = 1, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], '*', 't', 'topic/news', 'p', number) end
        """

    @Test("a node may read on for longer than a probe may take, and is ready at the end by its first attempt")
    func backlog() async throws {
        try await withRedisServer { redis in
            try await withFaultProxy(to: redis.port) { proxy in
                var settings = RedisSettings()
                settings.addresses = [SocketAddress(host: "127.0.0.1", port: proxy.port)]
                settings.delivery = .streams
                var link = BusLink.Settings()
                link.publishTimeout = 5_000_000_000
                link.supervisor.probeTimeout = 2_000_000_000
                link.supervisor.attemptTimeout = 15_000_000_000
                let node = try BusLoopHarness("a", patience: .seconds(60), link: link) { [settings] loop in
                    // Fails only for files of TLS, of which there are none.
                    do { return try RedisBus(settings, loop: loop) } catch { preconditionFailure("\(error)") }
                }
                try await node.run { node in
                    node.link?.start()
                    node.link?.interest.want(Self.news)
                }
                try await node.wait(for: "the first connection") { $0.sink.flows == [true] }

                // The node cannot connect before the stream has what it has missed, and from then on waits 400 ms for each answer.
                await proxy.cut()
                try await node.wait(for: "the end of the connection") { $0.sink.flows == [true, false] }
                try await redis.command(["EVAL", Self.script, "1", "gohub:stream", "3000"])
                let before = try await node.run { $0.tap.downs + $0.tap.disconnects }
                await proxy.heal()
                await proxy.delay(by: .milliseconds(200))
                try await node.wait(for: "the second connection") { $0.sink.flows == [true, false, true] }
                #expect(try await node.run { $0.tap.count(on: Self.news) } == 3000)
                // One that was refused in between may have come on top, and no other.
                #expect(try await node.run { $0.tap.downs + $0.tap.disconnects } <= before + 1)
                #expect(try await node.finish() == [])
            }
        }
    }
}
