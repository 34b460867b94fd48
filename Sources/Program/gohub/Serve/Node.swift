// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubBridge
import HubBus
import HubConfig
import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubServer
import HubWire

/// One node of the hub, put together from its configuration: hub, server, metrics, bus.
final class Node: Sendable {
    private let server: Server
    private let bus: BusThread?
    /// How long the start waits for the bus; nil if the node serves without it.
    private let patienceWithBus: Duration?
    private let busType: BusType
    private let log: Logger
    private let maxConnections: Int
    /// Where operators were meant to connect.
    private let wantedAdminAddress: SocketAddress

    /// Puts the parts together; nothing listens or connects yet.
    ///
    /// - Throws: ``StartFault`` when the system refuses a loop, or something in the configuration cannot be used.
    init(_ configuration: Configuration, registry: Registry, log: Logger) throws(StartFault) {
        self.log = log
        busType = configuration.bus.type
        patienceWithBus = configuration.bus.startPatience
        let settings: ServerSettings
        let parts: BusParts?
        do throws(LoopError) {
            settings = try ServerSettings(configuration)
            parts = try BusParts(configuration, shards: settings.loops)
        } catch {
            throw StartFault(error)
        }
        maxConnections = settings.maxConnections
        wantedAdminAddress = settings.adminAddress ?? settings.address
        Self.warn(of: settings, configuration, log)
        Node.registerCommon(registry, log: log)
        var environment = HubEnvironment.system
        environment.prefetch = { gohub_prefetch($0) }
        let hub = Hub(settings: HubSettings(configuration), environment: environment, outbox: parts?.outbox)
        let canary = CanaryMetrics(registry, hasBus: parts != nil)
        bus = try parts?.thread(hub, canary: canary, registry: registry, log: log)
        if bus == nil {
            // Dashboards know their names, whatever bus is in use.
            _ = FixedBusMetrics(registry, bus: .noop)
            BusMetrics.registerInfo(registry, bus: .noop, mode: "none")
        }
        let board = bus?.board
        do throws(LoopError) {
            server = try Server(
                settings: settings,
                hub: hub,
                receiver: Dispatcher(welcome: Self.welcome(settings)),
                registry: registry,
                log: log,
                checks: [.bus: { board?.isReady ?? true }],
                routes: board.map { [NodeList.route($0)] } ?? [],
                canary: canary
            )
        } catch {
            throw StartFault(error)
        }
    }

    private static func welcome(_ settings: ServerSettings) -> Dispatcher.Welcome {
        Dispatcher.Welcome(
            version: Version.current,
            pingIntervalMilliseconds: Int64(settings.pingInterval / .milliseconds(1)),
            maxMessageBytes: settings.maxMessageBytes
        )
    }

    private static func warn(of settings: ServerSettings, _ configuration: Configuration, _ log: Logger) {
        // Nobody asked for the default, so nobody is told that it is not reached.
        let wanted = configuration.server.maxConnections
        if settings.maxConnections < wanted, wanted != ServerSection().maxConnections {
            log.warning(
                "open files (ulimit -n) allow fewer connections than server.max_connections asks for",
                [
                    LogField("configured", wanted),
                    LogField("possible", settings.maxConnections),
                ]
            )
        }
        for exposure in settings.origins.exposures {
            log.warning(
                "server.allowed_origins lets in pages of strangers",
                [LogField("entry", exposure.rawValue), LogField("meaning", exposure.meaning)]
            )
        }
    }

    /// Registers every family that a node has, for the catalogue as for a running node.
    static func registerCommon(_ registry: Registry, log: Logger) {
        registry.registerBuild(version: Version.current, revision: Version.revision)
        registry.registerProcess()
        registry.registerRuntime()
        registry.registerSelfMetrics()
        LogMetrics(registry, log: log)
    }

    /// Joins the other nodes, listens, and says where: in the log, or on a screen of its own.
    ///
    /// With a bus this takes a second or two, in which other nodes may say that they have this one's name.
    ///
    /// - Parameter show: Takes what a person is told; if nil, the log has it in one line.
    func start(show: ((ListeningNotice) -> Void)? = nil) throws(StartFault) {
        do throws(StartFault) {
            try join()
        } catch {
            stop()
            throw error
        }
        let endpoints: Server.Endpoints
        do throws(LoopError) {
            endpoints = try server.start()
        } catch {
            bus?.stop()
            throw StartFault(error)
        }
        bus?.listens(at: endpoints.adminAddress.announced(for: wantedAdminAddress))
        let notice = ListeningNotice(
            address: endpoints.address,
            adminAddress: endpoints.adminAddress,
            maxConnections: maxConnections
        )
        if let show { show(notice) } else { log.info("listening", notice.fields) }
    }

    private func join() throws(StartFault) {
        guard let bus else { return }
        let outcome: Bridge.Start
        do throws(LoopError) { outcome = try bus.start() } catch { throw StartFault(error) }
        switch outcome {
        case .serving: break
        case .nameTaken(let node): throw StartFault(nameTaken: node)
        case .closed: throw StartFault.busClosed
        }
        if let patienceWithBus, !bus.waitUntilReady(within: patienceWithBus) {
            throw StartFault.busUnreachable(busType)
        }
    }

    /// Drains the node and calls back when it is empty.
    func drain(_ whenDone: @escaping @Sendable () -> Void) { server.drain(whenDone) }

    /// What the node has done, for the last line of its log; waits for the loops, so only before ``stop()``.
    func totals() -> [LogField] {
        let all = server.snapshot()
        let books = all.shard.ledger
        let (written, dropped) = DeliveryScope.allCases.reduce((UInt64(0), UInt64(0))) { sums, scope in
            let drops = DropReason.allCases.reduce(0) { $0 &+ books.dropped(scope, $1) }
            return (sums.0 &+ books.written(scope), sums.1 &+ drops)
        }
        return [
            LogField("connections", all.opened), LogField("drained", all.closed[.drain]),
            LogField("written", written), LogField("dropped", dropped), LogField("residual", all.shard.residual),
        ]
    }

    /// Leaves the bus and ends the loops; what is left is closed at once.
    func stop() {
        bus?.stop()
        server.stop()
    }
}
