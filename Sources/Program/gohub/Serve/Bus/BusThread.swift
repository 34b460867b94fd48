// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubLog
import HubLoop
import HubMetrics
import Synchronization

/// The bus loop: the bridge between a hub and its bus, on a thread of its own.
final class BusThread: Sendable {
    /// What the bus loop holds.
    private final class Tenant {
        let bridge: Bridge
        private let loop: EventLoop

        init(_ bridge: Bridge, _ loop: EventLoop) {
            self.bridge = bridge
            self.loop = loop
        }

        /// Ticks the bridge, and sees to it that the next tick comes in time: publications have few milliseconds.
        func tick() { loop.nextTick = MonotonicTime(nanoseconds: bridge.tick()) }
    }

    /// What other threads may know of it.
    let board: NodeBoard
    private let loop: EventLoop
    private let tenant: LoopBound<Tenant>

    /// Puts the parts of the loop together; they begin with ``start()``.
    ///
    /// - Parameter adapter: Belongs to the loop.
    init(
        hub: Hub,
        outbox: Outbox,
        loop: EventLoop,
        identity: NodeIdentity,
        adapter: any BusAdapter,
        link: BusLink.Settings,
        bridge settings: BridgeSettings,
        metrics: BusMetrics,
        canary: CanaryMetrics,
        registry: Registry,
        log: Logger
    ) {
        self.loop = loop
        registry.onScrape { metrics.set(outboxBytes: outbox.byteCount) }
        let bridge = Bridge(
            hub: hub,
            outbox: outbox,
            link: BusLink(adapter, identity: identity, settings: link, metrics: metrics, logger: log),
            identity: identity,
            settings: settings,
            metrics: metrics,
            nodes: BridgeMetrics.nodes(registry),
            canary: canary,
            logger: log,
            wakeup: Wakeup { loop.wake() }
        )
        board = bridge.board
        let tenant = LoopBound(Tenant(bridge, loop), on: loop)
        self.tenant = tenant
        loop.onTick = { tenant.value.tick() }
    }

    /// Runs the loop, and returns when other nodes had time to answer: after a second or two.
    func start() throws(LoopError) -> Bridge.Start {
        let outcome = StartOutcome()
        try loop.start(name: "bus")
        loop.post { [tenant] in tenant.value.bridge.start { outcome.set($0) } }
        return outcome.wait()
    }

    /// Waits until messages flow, and tells whether they do.
    func waitUntilReady(within limit: Duration) -> Bool {
        let ready = TimedSemaphore()
        loop.post { [tenant] in tenant.value.bridge.whenReady { ready.signal() } }
        return ready.wait(within: limit)
    }

    /// Tells other nodes where operators reach this one.
    func listens(at address: SocketAddress) {
        loop.post { [tenant] in tenant.value.bridge.listens(at: address.description) }
    }

    /// Sends what waits, leaves the bus and ends the loop; takes a second or two at the most.
    func stop() {
        let done = TimedSemaphore()
        loop.post { [tenant] in tenant.value.bridge.close { done.signal() } }
        done.wait(within: .seconds(5))
        loop.stop()
        loop.join()
    }
}

/// How the start of a bridge ended, for the thread that waits for it.
private final class StartOutcome: Sendable {
    private let value = Mutex<Bridge.Start?>(nil)
    private let done = TimedSemaphore()

    func set(_ outcome: Bridge.Start) {
        value.withLock { $0 = outcome }
        done.signal()
    }

    /// The bridge takes two seconds at the most, so its loop turns no more when this ends without an outcome.
    func wait() -> Bridge.Start {
        done.wait(within: .seconds(30))
        return value.withLock { $0 } ?? .serving
    }
}
