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
@Suite("Redis as a bus", .needsRedis)
struct RedisBusTests {
    @Test("two nodes hear each other", arguments: RedisSettings.Delivery.allCases)
    func twoNodes(delivery: RedisSettings.Delivery) async throws {
        let server = try await RedisServer()
        defer { withExtendedLifetime(server) {} }
        let nodes = try ["a", "b"].map { try LinkNode($0, settings(server, delivery)) }
        for node in nodes { try await node.ready() }
        for number in 1...1000 { nodes[0].broadcast(UInt64(number)) }
        try await nodes[1].receive(count: 1000)
        #expect(nodes[1].sink.received.withLock { $0 } == (1...1000).map { UInt64($0) })
        #expect(nodes[0].sink.received.withLock { $0.isEmpty })
        for node in nodes { await node.close() }
        await server.stop()
    }

    @Test("a stream that counts on from an earlier time, as on a server that has lost it, is read from its end on")
    func earlierStream() async throws {
        let server = try await RedisServer()
        defer { withExtendedLifetime(server) {} }
        let nodes = try ["a", "b"].map { try LinkNode($0, settings(server, .streams)) }
        for node in nodes { try await node.ready() }
        nodes[0].broadcast(1)
        _ = try await eventually("the first message") { nodes[1].sink.received.withLock { $0 } == [1] ? true : nil }
        // A day ahead, and so is what comes behind it.
        let later = "\(WallClock.unixMicroseconds() / 1000 + 86_400_000)-0"
        try await server.command(["XADD", "gohub:stream", later, "another", "program's"])
        nodes[0].broadcast(2)
        _ = try await eventually("the second message") { nodes[1].sink.received.withLock { $0.last } == 2 ? true : nil }
        try await server.command(["DEL", "gohub:stream"])
        try await server.command(["CLIENT", "KILL", "USER", "default"])
        _ = try await eventually("a new connection") {
            nodes.allSatisfy { $0.sink.flows.withLock { $0 } == [true, false, true] } ? true : nil
        }
        nodes[0].broadcast(3)
        _ = try await eventually("the last message") { nodes[1].sink.received.withLock { $0.last } == 3 ? true : nil }
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
        let bare = Mutex<[String]>([])
        let flows = Mutex<[Bool]>([])
        var hasRoom: Bool { true }
        func received(_ envelope: Envelope, on topic: BusTopic, at now: UInt64) {
            received.withLock { $0.append(envelope.sequence) }
        }
        func receivedBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic) {
            bare.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        }
        func confirmed(_ generation: UInt64) {}
        func refused(_ topic: BusTopic) {}
        func flows(_ isReady: Bool) { flows.withLock { $0.append(isReady) } }
        func canaryReturned(_ number: UInt64, at now: UInt64) -> Bool { true }
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
        var linkSettings = BusLink.Settings()
        // On a machine that is busy an answer may be late, which is no end of a connection.
        linkSettings.publishTimeout = 30_000_000_000
        let link = BusLink(
            try RedisBus(settings, loop: loop),
            identity: identity,
            settings: linkSettings,
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
        on { link in
            // Before the start, as what is published before an interest is confirmed need not come.
            link.interest.want(.broadcast)
            link.start()
        }
    }

    func on(_ body: @escaping @Sendable (BusLink) -> Void) { loop.post { [link] in body(link.value) } }

    /// Publishes a message with a number.
    func broadcast(_ number: UInt64) {
        let writer = EnvelopeWriter(identity)
        on { link in
            var fields = EnvelopeWriter.Fields(.publication, to: .broadcast)
            fields.sequence = number
            link.publish(writer.encode(fields, payload: [UInt8](repeating: 7, count: 100)), to: .broadcast)
        }
    }

    func ready() async throws { try await wait("ready") { sink.flows.withLock { $0.last } == true } }

    /// Waits for so many messages.
    func receive(count: Int) async throws {
        try await wait("messages") { sink.received.withLock { $0.count } >= count }
    }

    /// Waits for something; fails with what the node has logged.
    private func wait(_ what: String, _ condition: () -> Bool) async throws {
        do {
            _ = try await eventually(what, within: .seconds(10)) { condition() ? true : nil }
        } catch {
            throw LogText(
                text: "\(error); \(sink.received.withLock { $0.count }) came; \(log.lines.joined(separator: "\n"))"
            )
        }
    }

    /// A test that fails leaves it running, and its metrics must not outlive the registry.
    deinit {
        loop.stop()
        loop.join()
    }

    func close() async {
        await withCheckedContinuation { continuation in on { $0.close { continuation.resume() } } }
        loop.stop()
        loop.join()
    }
}

struct LogText: Error { let text: String }
