// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
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
    private let log: Logger
    private let maxConnections: Int

    /// Puts the parts together; nothing listens yet.
    ///
    /// - Throws: ``LoopError`` when the system refuses a loop, or an address of the configuration is none.
    init(_ configuration: Configuration, registry: Registry, log: Logger) throws(LoopError) {
        self.log = log
        let settings = try ServerSettings(configuration)
        maxConnections = settings.maxConnections
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
        _ = FixedBusMetrics(registry)
        BusMetrics.registerInfo(registry, bus: .noop, mode: "none")
        var environment = HubEnvironment.system
        environment.prefetch = { gohub_prefetch($0) }
        let hub = Hub(settings: HubSettings(configuration), environment: environment)
        let welcome = Dispatcher.Welcome(
            version: Version.current,
            pingIntervalMilliseconds: Int64(settings.pingInterval / .milliseconds(1)),
            maxMessageBytes: settings.maxMessageBytes
        )
        Node.registerCommon(registry, log: log)
        server = try Server(
            settings: settings,
            hub: hub,
            receiver: Dispatcher(welcome: welcome),
            registry: registry,
            log: log,
            checks: [.bus: { true }]
        )
    }

    /// Registers every family that a node has, for the catalogue as for a running node.
    static func registerCommon(_ registry: Registry, log: Logger) {
        registry.registerBuild(version: Version.current, revision: Version.revision)
        registry.registerProcess()
        registry.registerRuntime()
        registry.registerSelfMetrics()
        LogMetrics(registry, log: log)
    }

    /// Listens, and says where: in the log, or on a screen of its own.
    ///
    /// - Parameter show: Takes what a person is told; if nil, the log has it in one line.
    func start(show: ((ListeningNotice) -> Void)? = nil) throws(LoopError) {
        let endpoints = try server.start()
        let notice = ListeningNotice(
            address: endpoints.address,
            adminAddress: endpoints.adminAddress,
            maxConnections: maxConnections
        )
        if let show { show(notice) } else { log.info("listening", notice.fields) }
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

    /// Ends the loops; what is left is closed at once.
    func stop() { server.stop() }
}
