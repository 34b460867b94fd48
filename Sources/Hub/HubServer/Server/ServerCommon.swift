// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop
import HubWire
import Synchronization

/// What all loops of a server share; immutable or locked.
package final class ServerCommon: Sendable {
    let settings: ServerSettings
    let heartbeat: HeartbeatTimes
    let log: Logger
    let connectionLog: ConnectionLog
    let receiver: any MessageReceiver
    let limiter: ConnectionLimiter
    let heap = HeapKeeper()
    /// The labels of all routes.
    let labels: RouteLabels
    let bodies: BodyBudget
    private let draining = Atomic<Bool>(false)
    private let refusedOrigins = LogLimit()

    /// - Parameter routes: Those from outside.
    init(settings: ServerSettings, log: Logger, receiver: any MessageReceiver, routes: [Route]) {
        self.settings = settings
        heartbeat = HeartbeatTimes(settings)
        self.log = log
        connectionLog = ConnectionLog(log)
        self.receiver = receiver
        labels = RouteLabels(routes)
        let largest = routes.map(\.maxBodyBytes).max() ?? 0
        bodies = BodyBudget(limit: settings.bodyBufferBytes, largest: largest)
        limiter = ConnectionLimiter(
            limit: settings.maxConnections,
            limitPerAddress: settings.maxConnectionsPerIP,
            subscriptionsPerAddress: settings.maxSubscriptionsPerIP
        )
    }

    /// Whether no new clients are taken.
    var isDraining: Bool {
        get { draining.load(ordering: .relaxed) }
        set { draining.store(newValue, ordering: .relaxed) }
    }

    /// Tells the operator of a page that was turned away, and what to do if it is one of theirs; once a second at most.
    func reportOrigin(_ origin: String, host: String?, peer: SocketAddress) {
        log.warning(
            limit: refusedOrigins,
            "a page's origin was refused",
            [
                LogField("origin", origin), LogField("host", host ?? ""), LogField("peer", peer.description),
                LogField("advice", OriginPolicy.advice(origin: origin, host: host)),
            ]
        )
    }
}
