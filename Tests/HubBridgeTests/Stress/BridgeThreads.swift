// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubLog
import HubMetrics
import HubTesting
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A node each of whose loops, the bus loop included, turns on a thread of its own.
///
/// Unchecked: bridge and jobs are used by the bus thread, and by the test before it starts and after it has ended.
final class ThreadedNode: @unchecked Sendable {
    static let shardCount = 3

    let hub: HubHarness
    let bridge: Bridge
    let registry = Registry()
    let outbox: Outbox
    let runners: [BridgeShardRunner]
    private let jobs = JobQueue()
    private let isStopping = Atomic(false)
    private let hasClosed = Atomic(false)

    /// - Parameter patience: How long anything may take, nanoseconds.
    init(_ id: String, _ broker: MemoryBroker, clients: SharedClients, patience: UInt64) {
        outbox = Outbox(shards: Self.shardCount, Wakeup {})
        hub = HubHarness(shards: Self.shardCount, outbox: outbox)
        let identity = NodeIdentity(id: id)
        let logger = Logger(level: .error, sink: MemorySink())
        let metrics = BusMetrics(registry: registry, fixed: FixedBusMetrics(registry), bus: .redis, mode: "memory")
        var settings = BusLink.Settings()
        (settings.publishTimeout, settings.supervisor.patience) = (patience, patience)
        // A thread sanitizer on a machine that does much else is slow.
        (settings.supervisor.probeTimeout, settings.supervisor.attemptTimeout) = (60_000_000_000, 60_000_000_000)
        (settings.supervisor.backOff, settings.supervisor.backOffLimit) = (1_000_000, 1_000_000)
        let jobs = jobs
        let link = BusLink(
            MemoryBus(broker) { jobs.post($0) },
            identity: identity,
            settings: settings,
            metrics: metrics,
            logger: logger
        )
        var bridgeSettings = BridgeSettings()
        bridgeSettings.startWindow = 50_000_000
        (bridgeSettings.memberTimeout, bridgeSettings.heartbeat) = (60_000_000_000, 20_000_000)
        (bridgeSettings.requestTimeout, bridgeSettings.confirmTimeout) = (patience, patience)
        (bridgeSettings.unsubscribeAfter, bridgeSettings.closeTimeout) = (1_000_000, patience)
        bridge = Bridge(
            hub: hub.hub,
            outbox: outbox,
            link: link,
            identity: identity,
            settings: bridgeSettings,
            metrics: metrics,
            nodes: registry.gauge("gohub_nodes", help: "Nodes.", shown: .diagnostic),
            logger: logger,
            random: SplitMix64(seed: id.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }),
            wakeup: Wakeup {}
        )
        let harness = hub
        runners = (0..<Self.shardCount).map { BridgeShardRunner(harness, shard: $0, node: id, clients) }
    }

    /// Turns the bus loop until the node has closed.
    func runBus() {
        bridge.start { _ in }
        var isClosing = false
        while !hasClosed.load(ordering: .acquiring) {
            jobs.run()
            if !isClosing, isStopping.load(ordering: .acquiring) {
                isClosing = true
                bridge.close { [self] in hasClosed.store(true, ordering: .releasing) }
            }
            _ = bridge.tick()
            sched_yield()
        }
    }

    /// Whether messages flow, and the node knows so many others.
    func isServing(with others: Int) -> Bool {
        bridge.board.isReady && hub.hub.tag != nil && bridge.board.records.count == others + 1
            && bridge.board.records.allSatisfy { $0.phase == .serving }
    }

    func close() { isStopping.store(true, ordering: .releasing) }
}

/// The ids of all nodes' steady clients.
final class SharedClients: Sendable {
    private let ids = Mutex<[ClientID]>([])

    func append(_ id: ClientID) { ids.withLock { $0.append(id) } }
    func random(using generator: inout SplitMix64) -> ClientID? { ids.withLock { $0.randomElement(using: &generator) } }
    var all: [ClientID] { ids.withLock { $0 } }
}

/// A shard's loop on a thread of its own: one client publishes, another listens all the time, others come and go.
///
/// Unchecked: all but the atomics is used by the runner's thread, and by the test once that has ended.
final class BridgeShardRunner: @unchecked Sendable {
    private let harness: HubHarness
    private let shard: Int
    private let clients: SharedClients
    private let isStopping = Atomic(false)
    private let target = Atomic(0)
    private let published = Atomic(0)
    private let answered = Atomic(0)
    private let received = Atomic(0)
    private var random: SplitMix64
    private var passing: [FakeClient] = []
    private let name: String
    private var seen = 0
    private(set) var publisher: FakeClient?
    private(set) var subscriber: FakeClient?

    init(_ harness: HubHarness, shard: Int, node: String, _ clients: SharedClients) {
        self.harness = harness
        self.shard = shard
        self.clients = clients
        name = "\(node)\(shard)"
        random = SplitMix64(seed: UInt64(shard) + 77)
    }

    /// Publishes so many messages from now on.
    func publish(_ count: Int) { target.store(count, ordering: .releasing) }
    func stop() { isStopping.store(true, ordering: .releasing) }

    var publishedCount: Int { published.load(ordering: .acquiring) }
    /// How many of the requests that have an answer were answered.
    var answeredCount: Int { answered.load(ordering: .acquiring) }
    /// How many messages about `news` its listener got, the answer to its subscription included.
    var receivedCount: Int { received.load(ordering: .acquiring) }

    func run() {
        let (publisher, subscriber) = (FakeClient(harness.shards[shard], receiver: harness.receiver), makeClient())
        publisher.open()
        subscriber.askSubscribe()
        clients.append(subscriber.id)
        (self.publisher, self.subscriber) = (publisher, subscriber)
        while !isStopping.load(ordering: .acquiring) {
            step(publisher)
            harness.shards[shard].tick()
            count(subscriber)
            answered.store(publisher.transport.frames.count, ordering: .releasing)
            sched_yield()
        }
        for client in passing { client.vanish() }
        harness.shards[shard].tick()
    }

    private func count(_ subscriber: FakeClient) {
        let frames = subscriber.transport.frames
        while seen < frames.count {
            if case .text(let text) = frames[seen], text.contains(#""topic":"news""#) {
                received.add(1, ordering: .releasing)
            }
            seen += 1
        }
    }

    private func makeClient() -> FakeClient {
        let client = FakeClient(harness.shards[shard], receiver: harness.receiver)
        client.open()
        return client
    }

    private func step(_ publisher: FakeClient) {
        let number = publishedCount
        if number < target.load(ordering: .acquiring), !publisher.transport.isPaused {
            publisher.askPublish("\"\(name) \(number)\"", confirm: number % 3 == 0, id: number)
            published.store(number + 1, ordering: .releasing)
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0 where passing.count < 20:
            let client = makeClient()
            client.askSubscribe("t\(Int.random(in: 0..<5, using: &random))")
            passing.append(client)
        case 1:
            guard let client = passing.randomElement(using: &random), client.isAttached else { return }
            client.askSubscribe("t\(Int.random(in: 0..<5, using: &random))")
        case 2:
            guard let client = passing.randomElement(using: &random), client.isAttached else { return }
            client.askUnsubscribe("t\(Int.random(in: 0..<5, using: &random))")
        case 3:
            guard let client = passing.randomElement(using: &random), let id = clients.random(using: &random) else {
                return
            }
            if client.isAttached, !client.transport.isPaused { client.askUnicast("\"u\"", to: id) }
        case 4:
            if let client = passing.popLast() { client.vanish() }
        default: break
        }
    }
}
