// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBridge
package import HubBus
package import HubCore
package import HubLog
import HubLoop
package import HubMetrics

/// Nodes on a bus in memory, all on a test's own thread: nothing moves but by ``settle()`` and ``advance(_:)``.
package final class BridgeHarness {
    /// One node.
    package final class Node {
        package let hub: HubHarness
        package let bridge: Bridge
        package let outbox: Outbox
        package let identity: NodeIdentity
        package let registry: Registry
        package let log: MemorySink
        let jobs = JobQueue()
        /// How its start ended; more than once is a fault.
        package fileprivate(set) var starts: [Bridge.Start] = []
        /// The last of them; nil before the start has ended.
        package var start: Bridge.Start? { starts.last }
        package fileprivate(set) var isClosed = false
        /// Its bus loop stands still, as if the node were frozen or dead; its hub goes on.
        package var isFrozen = false
        /// Its hub's loops stand still.
        package var isHubFrozen = false

        fileprivate init(
            _ id: String,
            _ harness: BridgeHarness,
            shards: Int,
            settings: BridgeSettings,
            link: BusLink.Settings,
            hub hubSettings: HubSettings,
            incarnation: UInt64,
            seed: UInt64,
            hasCanary: Bool
        ) {
            let clock = harness.clock
            // Whoever wakes the bus loop gives it something to do.
            let wakeup = Wakeup { [jobs] in jobs.post {} }
            outbox = Outbox(shards: shards, wakeup)
            hub = HubHarness(shards: shards, settings: hubSettings, outbox: outbox, clock: clock)
            registry = Registry()
            log = MemorySink()
            let logger = Logger(level: .debug, sink: log)
            identity = NodeIdentity(id: id, incarnation: incarnation)
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
                canary: hasCanary ? CanaryMetrics(registry, hasBus: true) : nil,
                logger: logger,
                clock: busClock,
                random: SplitMix64(seed: seed),
                wakeup: wakeup
            )
        }
    }

    package let clock = VirtualClock()
    package let broker: MemoryBroker
    package private(set) var nodes: [Node] = []
    private let serverJobs = JobQueue()

    /// Makes a bus without nodes.
    package init(_ options: MemoryBroker.Options = MemoryBroker.Options()) {
        let jobs = serverJobs
        broker = MemoryBroker(options: options) { jobs.post($0) }
    }

    /// Adds a node that begins to connect.
    ///
    /// - Parameter seed: Determines what it draws by lot; nil for one of its own in this harness.
    /// - Parameter hasCanary: Whether it sends canaries, which a test that counts messages does not want.
    package func add(
        _ id: String,
        shards: Int = 1,
        settings: BridgeSettings = BridgeSettings(),
        link: BusLink.Settings = BusLink.Settings(),
        hub: HubSettings = HubSettings(),
        incarnation: UInt64 = .random(in: 1 ... .max),
        seed: UInt64? = nil,
        hasCanary: Bool = false
    ) -> Node {
        let node = Node(
            id,
            self,
            shards: shards,
            settings: settings,
            link: link,
            hub: hub,
            incarnation: incarnation,
            seed: seed ?? UInt64(nodes.count + 1),
            hasCanary: hasCanary
        )
        nodes.append(node)
        node.bridge.start { node.starts.append($0) }
        return node
    }

    /// Adds a node and lets it start.
    package func serve(
        _ id: String,
        shards: Int = 1,
        settings: BridgeSettings = BridgeSettings(),
        link: BusLink.Settings = BusLink.Settings(),
        hub: HubSettings = HubSettings()
    ) -> Node {
        let node = add(id, shards: shards, settings: settings, link: link, hub: hub)
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
                if !node.isFrozen {
                    if node.jobs.run() { moved = true }
                    if node.bridge.tick() <= clock.now().nanoseconds { moved = true }
                }
                if !node.isHubFrozen { node.hub.tick() }
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

    /// Changes how the bus fails, and lets that have its effect.
    package func fail(_ fault: MemoryBroker.Fault) {
        broker.fault = fault
        settle()
    }

    /// Lets the bus work again, and every node find it.
    package func recover() {
        fail(.none)
        advance(.seconds(12))
    }

    /// Ends a node in order.
    package func close(_ node: Node) {
        node.bridge.close { node.isClosed = true }
        settle()
    }
}
