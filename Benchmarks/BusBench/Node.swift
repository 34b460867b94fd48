// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubWire
import Synchronization

/// A hub of one loop with its bus, as the program has them, without a server: whoever measures is a client of the hub.
final class Node {
    /// What belongs to the loop of the hub.
    final class Tenant {
        let shard: Shard
        /// What is to be done in each tick before the hub's own part.
        var eachTick: ((Tenant) -> Void)?
        private let dispatcher = Dispatcher(
            welcome: Dispatcher.Welcome(version: "0", pingIntervalMilliseconds: 25_000, maxMessageBytes: 1 << 20)
        )

        init(_ shard: Shard) { self.shard = shard }

        /// Lets a client in.
        func connect(_ transport: any ClientTransport) -> Client {
            let client = shard.attach(transport)
            shard.register(client)
            return client
        }

        /// Takes a message of a client.
        func received(_ bytes: [UInt8], isText: Bool = false, from client: Client, at time: UInt64) {
            bytes.withUnsafeBytes {
                dispatcher.received($0, isText: isText, from: client, on: shard, ingress: time)
            }
        }
    }

    let loop: EventLoop
    let tenant: LoopBound<Tenant>
    private let busLoop: EventLoop
    private let bridge: LoopBound<Bridge>
    private let board: NodeBoard
    /// Metrics point into it.
    private let registry = Registry()

    /// Prepares a node.
    init(name: String, bus: BusAddress) throws {
        let (loop, busLoop) = (try EventLoop(), try EventLoop(index: -1))
        self.loop = loop
        self.busLoop = busLoop
        let outbox = Outbox(shards: 1, Wakeup { busLoop.wake() })
        let hub = Hub(outbox: outbox)
        let shard = hub.makeShard { loop.wake() }
        hub.seal()
        let tenant = LoopBound(Tenant(shard), on: loop)
        self.tenant = tenant
        loop.onTick = {
            tenant.value.eachTick?(tenant.value)
            if tenant.value.shard.tick(until: loop.sliceEnd.nanoseconds) { loop.wake() }
        }
        let identity = NodeIdentity(id: name)
        let logger = Logger(level: .warning)
        let fixed = FixedBusMetrics(registry)
        let adapter = try bus.adapter(on: busLoop, registry, fixed, logger)
        let metrics = BusMetrics(registry: registry, fixed: fixed, bus: adapter.kind, mode: "bench")
        var settings = BusLink.Settings()
        settings.publishTimeout = bus.publishTimeout.wholeNanoseconds
        let bridge = Bridge(
            hub: hub,
            outbox: outbox,
            link: BusLink(adapter, identity: identity, settings: settings, metrics: metrics, logger: logger),
            identity: identity,
            settings: BridgeSettings(),
            metrics: metrics,
            nodes: BridgeMetrics.nodes(registry),
            logger: logger,
            wakeup: Wakeup { busLoop.wake() }
        )
        self.bridge = LoopBound(bridge, on: busLoop)
        board = bridge.board
        busLoop.onTick = { busLoop.nextTick = MonotonicTime(nanoseconds: bridge.tick()) }
    }

    /// Starts both loops, and waits until the node has joined.
    func start() throws {
        try loop.start(name: "hub")
        try busLoop.start(name: "bus")
        let done = TimedSemaphore()
        busLoop.post { [bridge] in bridge.value.start { _ in done.signal() } }
        guard done.wait(within: .seconds(10)), board.isReady else { throw BenchFailure("the bus cannot be used") }
    }

    /// Asks the hub's loop.
    func ask(_ body: @escaping @Sendable (Tenant) -> [UInt64]) -> [UInt64] {
        let answer = Answer()
        loop.post { [tenant] in answer.give(body(tenant.value)) }
        return answer.wait()
    }

    /// Leaves the bus, and ends the loops.
    func stop() {
        let done = TimedSemaphore()
        busLoop.post { [bridge] in bridge.value.close { done.signal() } }
        done.wait(within: .seconds(5))
        for loop in [busLoop, loop] {
            loop.stop()
            loop.join()
        }
    }
}

/// What a loop answers to another thread.
private final class Answer: Sendable {
    private let value = Mutex<[UInt64]>([])
    private let done = TimedSemaphore()

    func give(_ answer: [UInt64]) {
        value.withLock { $0 = answer }
        done.signal()
    }

    func wait() -> [UInt64] {
        done.wait()
        return value.withLock { $0 }
    }
}
