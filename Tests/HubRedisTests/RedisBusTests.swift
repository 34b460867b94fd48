// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubRedis
import HubTesting
import Synchronization
import Testing

/// The adapter against a real Redis, as a node uses it.
@Suite("Redis as a bus", .enabled(if: RedisServer.isInstalled))
struct RedisBusTests {
    @Test("two nodes hear each other", arguments: RedisSettings.Delivery.allCases)
    func twoNodes(delivery: RedisSettings.Delivery) async throws {
        let server = try await RedisServer()
        defer { withExtendedLifetime(server) {} }
        let nodes = try ["a", "b"].map { try LinkNode($0, settings(server, delivery)) }
        for node in nodes {
            node.on { $0.interest.want(.broadcast) }
            try await node.ready()
        }
        let writer = EnvelopeWriter(nodes[0].identity)
        for number in 0..<1000 {
            nodes[0].on { link in
                var fields = EnvelopeWriter.Fields(.publication, to: .broadcast)
                fields.sequence = UInt64(number + 1)
                link.publish(
                    [UInt8](repeating: 7, count: 100).withUnsafeBytes { writer.encode(fields, payload: $0) },
                    to: .broadcast
                )
            }
        }
        _ = try await eventually("1000 messages") { nodes[1].sink.received.withLock { $0.count } >= 1000 ? true : nil }
        #expect(nodes[1].sink.received.withLock { $0 } == (1...1000).map { UInt64($0) })
        #expect(nodes[0].sink.received.withLock { $0.isEmpty })
        for node in nodes { await node.close() }
        await server.stop()
    }

    private func settings(_ server: RedisServer, _ delivery: RedisSettings.Delivery) -> RedisSettings {
        var settings = RedisSettings()
        settings.addresses = [SocketAddress(host: "127.0.0.1", port: server.port)]
        settings.delivery = delivery
        return settings
    }
}

final class LinkNode: Sendable {
    final class Sink: BusSink, Sendable {
        let received = Mutex<[UInt64]>([])
        let isReady = Atomic(false)
        var hasRoom: Bool { true }
        func received(_ envelope: Envelope, on topic: BusTopic, at now: UInt64) {
            received.withLock { $0.append(envelope.sequence) }
        }
        func receivedBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic) {}
        func confirmed(_ generation: UInt64) {}
        func refused(_ topic: BusTopic) {}
        func flows(_ isReady: Bool) { self.isReady.store(isReady, ordering: .relaxed) }
    }

    let identity: NodeIdentity
    let sink = Sink()
    private let loop: EventLoop
    private let link: LoopBound<BusLink>
    private let log = MemorySink()
    /// What the metrics point into.
    private let registry: Registry

    init(_ id: String, _ settings: RedisSettings) throws {
        identity = NodeIdentity(id: id)
        let loop = try EventLoop()
        self.loop = loop
        registry = Registry()
        let link = BusLink(
            try RedisBus(settings, loop: loop),
            identity: identity,
            metrics: BusMetrics(registry: registry, fixed: FixedBusMetrics(registry), bus: .redis, mode: "single"),
            logger: Logger(level: .debug, sink: log)
        )
        link.sink = sink
        let bound = LoopBound(link, on: loop)
        self.link = bound
        let timer = LoopBound(LoopTimer {}, on: loop)
        loop.onTick = {
            loop.schedule(
                timer.value,
                at: MonotonicTime(nanoseconds: bound.value.tick(WallClock.monotonicNanoseconds()))
            )
        }
        try loop.start(name: id)
        on { $0.start() }
    }

    func on(_ body: @escaping @Sendable (BusLink) -> Void) { loop.post { [link] in body(link.value) } }

    func ready() async throws {
        do {
            _ = try await eventually("ready", within: .seconds(10)) {
                sink.isReady.load(ordering: .relaxed) ? true : nil
            }
        } catch { throw LogText(text: log.lines.joined(separator: "\n")) }
    }

    func close() async {
        await withCheckedContinuation { continuation in on { $0.close { continuation.resume() } } }
        loop.stop()
        loop.join()
    }
}

struct LogText: Error { let text: String }
