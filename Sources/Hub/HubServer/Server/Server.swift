// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Dispatch
package import HubCore
package import HubLog
package import HubLoop
package import HubMetrics
import HubWire
import Synchronization

/// A WebSocket server on one loop a core: listeners, connections, operators' endpoints, and an orderly end.
///
/// Make it with a hub, ``start()`` it, and ``drain(_:)`` it. What its clients' messages mean is the receiver's matter.
package final class Server: Sendable {
    /// Where the server can be reached, ports known.
    package struct Endpoints: Sendable {
        /// Where clients connect.
        package let address: SocketAddress
        /// Where operators connect; the same unless there is a listener of their own.
        package let adminAddress: SocketAddress
    }

    /// The hub whose clients connect here.
    package let hub: Hub
    private let common: ServerCommon
    private let workers: [LoopBoundWorker]
    private let health: Health
    private let metrics: ServerMetrics
    private let scrapes: ScrapeService
    /// Routes from outside.
    private let routes: [Route]
    private let lifecycle = Mutex(Lifecycle())

    private struct Lifecycle {
        var state = NodeState.starting
        var drain: Drain?
        var drainDeadline: Double = 0
    }

    /// Makes the loops; nothing listens yet.
    ///
    /// - Parameter receiver: What becomes of clients' messages.
    /// - Parameter checks: More checks of readiness beside the server's own; called on any loop, must be quick.
    /// - Parameter routes: More routes beside the server's own; of one path and method the last counts, also among those.
    /// - Parameter canary: Where canaries count; nil sends none.
    /// - Parameter clock: The loops' time; the hub's environment has to tell the same.
    /// - Throws: ``LoopError`` when a loop cannot be made, or there would be more than ``ServerSettings/mostLoops``.
    package init(
        settings: ServerSettings,
        hub: Hub,
        receiver: any MessageReceiver,
        registry: Registry,
        log: Logger,
        checks: [HealthCheck: @Sendable () -> Bool] = [:],
        routes: [Route] = [],
        canary: CanaryMetrics? = nil,
        clock: any MonotonicClock = SystemClock()
    ) throws(LoopError) {
        guard settings.loops <= ServerSettings.mostLoops else {
            throw LoopError(
                .other,
                "a server of \(settings.loops) loops: 1 to \(ServerSettings.mostLoops) are possible, one for each core is best"
            )
        }
        self.hub = hub
        self.routes = routes
        common = ServerCommon(settings: settings, log: log, receiver: receiver, routes: routes)
        metrics = ServerMetrics(registry, settings: settings, hub: hub.settings, routes: routes)
        scrapes = ScrapeService(registry, limit: settings.maxConcurrentScrapes, clock: clock)
        var workers: [LoopBoundWorker] = []
        for index in 0..<max(1, settings.loops) {
            let loop = try EventLoop(index: index, clock: clock)
            let shard = hub.makeShard { loop.wake() }
            let worker = Worker(loop: loop, shard: shard, common: common)
            loop.onTick = { worker.tick() }
            if let canary {
                worker.canarySender = CanarySender(worker, loops: max(1, settings.loops), canary)
            }
            workers.append(LoopBoundWorker(worker))
        }
        hub.seal()
        self.workers = workers
        health = Health(beats: workers.map(\.beat), checks: checks, settings: settings)
        registry.onScrape { [weak self] in self?.collect() }
    }

    // MARK: Starting

    /// Listens and begins to serve.
    ///
    /// - Throws: ``LoopError`` when an address or a thread cannot be had; the server has stopped then.
    package func start() throws(LoopError) -> Endpoints {
        do throws(LoopError) {
            return try listenAndRun()
        } catch {
            stop()
            throw error
        }
    }

    private func listenAndRun() throws(LoopError) -> Endpoints {
        let settings = common.settings
        let descriptors = try Socket.listen(on: settings.address, count: workers.count)
        var admin: Int32?
        let endpoints: Endpoints
        do throws(LoopError) {
            let address = try Socket.localAddress(descriptors[0])
            var adminAddress = address
            if let wanted = settings.adminAddress {
                let descriptor = try Socket.listen(on: wanted, reusePort: false)
                admin = descriptor
                adminAddress = try Socket.localAddress(descriptor)
            }
            endpoints = Endpoints(address: address, adminAddress: adminAddress)
        } catch {
            for descriptor in descriptors { Socket.close(descriptor) }
            if let admin { Socket.close(admin) }
            throw error
        }
        let routers = makeRouters()
        for (worker, descriptor) in zip(workers, descriptors) {
            worker.serve(descriptor, routers.clients, isAdmin: false, log: common.log)
        }
        if let admin { workers[0].serve(admin, routers.operators, isAdmin: true, log: common.log) }
        for worker in workers {
            worker.post { $0.beginTidying() }
            try worker.loop.start(name: "loop-\(worker.loop.index)")
        }
        lifecycle.withLock { $0.state = .ready }
        return endpoints
    }

    private func makeRouters() -> (clients: Router, operators: Router) {
        let clients = [
            Route(
                common.settings.path,
                .webSocket,
                "a WebSocket for clients; docs/protocol.md says what it speaks",
                .webSocket
            )
        ]
        let version = Self.version(common.settings)
        let operators = [
            Route(
                "/metrics",
                .metrics,
                "metrics for Prometheus, as text or OpenMetrics",
                .answerLater { [scrapes] request, reply in
                    scrapes.scrape(request.head, from: request.address, reply)
                }
            ),
            Route("/livez", .live, "whether the process works", .answer { [health] _ in health.live() }),
            Route("/readyz", .ready, "whether messages flow", .answer { [unowned self] _ in health.ready(in: state) }),
            Route("/healthz", .health, "the same", .answer { [unowned self] _ in health.ready(in: state) }),
            Route("/version", .version, "version and revision, as JSON", .answer { _ in version }),
        ]
        func standing(on listeners: Route.Listeners) -> [Route] {
            routes.filter { !$0.listeners.isDisjoint(with: listeners) }
        }
        guard common.settings.adminAddress != nil else {
            let all = Router(clients + operators + standing(on: [.clients, .operators]), labels: common.labels)
            return (all, all)
        }
        return (
            Router(clients + standing(on: .clients), labels: common.labels),
            Router(operators + standing(on: [.operators, .operatorsOnly]), labels: common.labels)
        )
    }

    private static func version(_ settings: ServerSettings) -> HTTPAnswer {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("version")
            writer.string(settings.version)
            writer.key("revision")
            writer.string(settings.revision)
        }
        return .json(200, writer.bytes + [UInt8(ascii: "\n")])
    }

    // MARK: State

    /// What the loops say of themselves now, together; loops that do not answer within a few seconds are left out.
    ///
    /// Waits for the loops: not to be called on one.
    package func snapshot() -> WorkerSnapshot {
        var total = WorkerSnapshot()
        for case let answer? in SnapshotRound.ask(workers, patience: .seconds(5)) { total.add(answer) }
        return total
    }

    /// The loops, for a clock that has to wake them.
    package var loops: [EventLoop] { workers.map(\.loop) }

    /// How many pages of metrics are in memory.
    package var pagesInMemory: Int { scrapes.pagesInMemory }
    /// How many pages are kept in mind, some of which may be gone.
    package var pagesInMind: Int { scrapes.pagesInMind }

    /// How many bytes of request bodies are in memory.
    package var bodyBytes: Int { common.bodies.bytes }

    /// How many addresses have an open connection, or subscriptions of one that has gone.
    package var addressCount: Int { common.limiter.addressCount }

    /// What the node is doing.
    package var state: NodeState { lifecycle.withLock { $0.state } }

    private func collect() {
        let (state, drain, deadline) = lifecycle.withLock { ($0.state, $0.drain, $0.drainDeadline) }
        metrics.collect(workers, hub: hub, common: common)
        let remaining = drain.map { common.isDraining ? $0.remaining : hub.clientCount }
        metrics.node.publish(state, drainRemaining: remaining ?? 0, deadline: deadline)
        for (check, passes) in health.results(in: state) { metrics.node.publish(check, passes: passes) }
    }

    // MARK: Ending

    /// Drains: is not ready from now on; after the delay takes no more clients, tells and closes those that are there.
    ///
    /// Later calls change nothing.
    /// - Parameter whenDone: Called once from a loop's thread when no client is left, and no answer to a request that came before.
    package func drain(_ whenDone: @escaping @Sendable () -> Void) {
        let delay = common.settings.drainDelay
        let limit = common.settings.drainTimeout
        let drain: Drain? = lifecycle.withLock { lifecycle in
            guard lifecycle.drain == nil else { return nil }
            let drain = Drain(limit: limit, workers: workers.count, whenDone: whenDone)
            lifecycle.state = .draining
            lifecycle.drain = drain
            let now = Double(hub.unixMilliseconds()) / 1000
            lifecycle.drainDeadline = now + Double((delay + limit).wholeNanoseconds) / 1e9
            return drain
        }
        guard let drain else { return }
        common.log.info(
            "draining",
            [LogField("clients", hub.clientCount), LogField("delay", delay), LogField("limit", limit)]
        )
        guard delay > .zero else { return begin(drain) }
        workers[0].post { [self] worker in worker.startDrain(after: delay) { [self] in begin(drain) } }
    }

    private func begin(_ drain: Drain) {
        common.isDraining = true
        for worker in workers { worker.post { $0.drain(drain) } }
    }

    /// Ends everything at once and waits until the loops have stopped; not to be called on a loop.
    package func stop() {
        for worker in workers { worker.post { $0.endAll() } }
        for worker in workers { worker.loop.stop() }
        for worker in workers { worker.loop.join() }
    }
}
