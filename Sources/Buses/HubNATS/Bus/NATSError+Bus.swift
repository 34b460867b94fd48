// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

extension LinkFault {
    /// What a connection ended with, in the words of all buses.
    init(_ error: NATSError) {
        let reason: Reason =
            switch error.code {
            case .authFailed, .notPermitted, .refused: .refused
            case .tls: .tls
            case .connectFailed, .unavailable: .unreachable
            case .timedOut: .timeout
            case .badReply, .tooLarge: .badReply
            default: .closed
            }
        self.init(reason, error.message + (error.code == .tls ? " (see bus.nats.tls)" : ""))
    }
}

extension BusError {
    /// What became of a publication, in the words of all buses.
    init(_ error: NATSError) {
        let code: Code =
            switch error.code {
            case .notPermitted, .refused: .rejected
            case .tooLarge: .tooLarge
            case .closed: .disconnected
            // The server has not taken what was sent before.
            case .timedOut, .full: .timeout
            default: .failed
            }
        self.init(code, error.message)
    }
}
