// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import Synchronization

/// What all loops of a server share; immutable or locked.
package final class ServerCommon: Sendable {
    let settings: ServerSettings
    let heartbeat: HeartbeatTimes
    let log: Logger
    let connectionLog: ConnectionLog
    let receiver: any MessageReceiver
    let limiter: ConnectionLimiter
    private let draining = Atomic<Bool>(false)

    init(settings: ServerSettings, log: Logger, receiver: any MessageReceiver) {
        self.settings = settings
        heartbeat = HeartbeatTimes(settings)
        self.log = log
        connectionLog = ConnectionLog(log)
        self.receiver = receiver
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
}
