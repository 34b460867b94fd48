// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

extension LinkFault {
    /// What a connection ended with, in the words of all buses.
    init(_ error: RedisError) {
        let reason: Reason =
            switch error.code {
            case .authFailed, .noPermission, .badDatabase, .outOfMemory, .refused: .refused
            case .tls: .tls
            case .clusterDown, .connectFailed, .loading, .unavailable, .tooManyClients: .unreachable
            case .timedOut: .timeout
            case .badReply, .tooLarge: .badReply
            case .notMaster, .redirected: .moved
            default: .closed
            }
        self.init(reason, error.message + (error.code == .tls ? " (see bus.redis.tls)" : ""))
    }
}

extension BusError {
    /// What became of a publication, in the words of all buses.
    init(_ error: RedisError) {
        let code: Code =
            switch error.code {
            case .noPermission, .refused, .authFailed, .notMaster, .redirected, .outOfMemory: .rejected
            case .tooLarge: .tooLarge
            case .closed: .disconnected
            // The server has not taken what was sent before.
            case .timedOut, .full: .timeout
            default: .failed
            }
        self.init(code, error.message)
    }
}
