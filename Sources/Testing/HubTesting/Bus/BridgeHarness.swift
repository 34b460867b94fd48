// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBridge
package import HubBus
import HubCore
package import HubLog
import HubLoop
package import HubMetrics

/// Nodes on a bus in memory, all on a test's own thread: nothing moves but by ``settle()`` and ``advance(_:)``.
package final class BridgeHarness {
    /// One node.
    package final class Node {
        package let hub: HubHarness
        package let bridge: Bridge
        package let registry: Registry
        package let log: MemorySink
        let jobs = JobQueue()
        /// How its start ended.
        package fileprivate(set) var start: Bridge.Start?
        package fileprivate(set) var isClosed = false
        fileprivate var deadline: UInt64 = 0

        fileprivate init(
            _ id: String,
            _ harness: BridgeHarness,
            shards: Int,
            settings: BridgeSettings,
            link: BusLink.Settings
        ) {
            let clock = harness.clock
            let outbox = Outbox(shards: shards, Wakeup {})
            hub = HubHarness(shards: shards, outbox: outbox, clock: clock)
            registry = Registry()
            log = MemorySink()
            let logger = Logger(level: .debug, sink: log)
            let identity = NodeIdentity(id: id)
            let metrics = BusMetrics(registry: registry, fixed: FixedBusMetrics(registry), bus: .redis, mode: "memory")
            let busClock = BusClock(
                monotonic: { clock.now().nanoseconds },
                unixMicroseconds: { 1_700_000_000_000_000 + Int64(clamping: clock.now().nanoseconds / 1000) }
            )
            let jobs = jobs
            let bus = MemoryBus(harness.broker) { jobs.post($0) }
            let busLink = BusLink(
                bus,
                identity: identity,
                settings: link,
                metrics: metrics,
                logger: logger,
                clock: busClock
            )
            bridge = Bridge(
                hub: hub.hub,
                outbox: outbox,
                link: busLink,
                identity: identity,
                settings: settings,
                metrics: metrics,
                nodes: registry.gauge("gohub_nodes", help: "Nodes.", shown: .diagnostic),
                logger: logger,
                clock: busClock,
                wakeup: Wakeup {}
            )
        }
    }

    package let clock = VirtualClock()
    package let broker: MemoryBroker
    package private(set) var nodes: [Node] = []
    private let serverJobs = JobQueue()

    /// Makes a bus without nodes.
    package init() {
        let jobs = serverJobs
        broker = MemoryBroker { jobs.post($0) }
    }

    /// Adds a node that begins to connect.
    package func add(
        _ id: String,
        shards: Int = 1,
        settings: BridgeSettings = BridgeSettings(),
        link: BusLink.Settings = BusLink.Settings()
    ) -> Node {
        let node = Node(id, self, shards: shards, settings: settings, link: link)
        nodes.append(node)
        node.bridge.start { node.start = $0 }
        return node
    }

    /// Adds a node and lets it start.
    package func serve(
        _ id: String,
        shards: Int = 1,
        settings: BridgeSettings = BridgeSettings(),
        link: BusLink.Settings = BusLink.Settings()
    ) -> Node {
        let node = add(id, shards: shards, settings: settings, link: link)
        settle()
        advance(.seconds(2))
        return node
    }

    /// Lets everything happen that can happen without time passing.
    package func settle() {
        var quiet = 0
        while quiet < 2 {
            var moved = serverJobs.run()
            for node in nodes {
                if node.jobs.run() { moved = true }
                node.deadline = node.bridge.tick()
                node.hub.tick()
            }
            quiet = moved ? 0 : quiet + 1
        }
    }

    /// Lets time pass, in steps of 10 ms.
    package func advance(_ duration: Duration) {
        var left = duration
        while left > .zero {
            let step = min(left, .milliseconds(10))
            clock.advance(by: step)
            left -= step
            settle()
        }
    }

    /// Ends a node in order.
    package func close(_ node: Node) {
        node.bridge.close { node.isClosed = true }
        settle()
    }
}
