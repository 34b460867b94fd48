// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop

/// What the log says of connections, shared by the loops: each one's opening and end at debug; of those that were turned away
/// or were too slow one a second and reason at info or warning, with the number of those left out.
struct ConnectionLog: Sendable {
    /// What went over one connection.
    struct Traffic {
        var receivedMessages: UInt64 = 0
        var receivedBytes: UInt64 = 0
        var sentBytes: UInt64 = 0
    }

    private let log: Logger
    private let refusals = RejectionReason.allCases.map { _ in LogLimit() }
    private let slowClients = CloseReason.allCases.map { _ in LogLimit() }
    private let acceptPauses = LogLimit(every: .seconds(10))
    private let watchFailures = LogLimit()

    init(_ log: Logger) { self.log = log }

    /// Whether the end of each connection is told with what went over it.
    var tellsTraffic: Bool { log.isEnabled(.debug) }

    /// A connection became a WebSocket.
    func opened(_ client: ClientID, _ peer: SocketAddress) {
        log.debug("connection opened", [LogField("client", client.description), LogField("peer", peer.description)])
    }

    /// A WebSocket ended.
    func closed(
        _ client: ClientID,
        _ peer: SocketAddress,
        _ reason: CloseReason,
        after duration: Duration,
        _ traffic: Traffic?
    ) {
        func who() -> [LogField] {
            [LogField("client", client.description), LogField("peer", peer.description)]
        }
        func counts() -> [LogField] {
            guard let traffic else { return [] }
            return [
                LogField("received_messages", traffic.receivedMessages),
                LogField("received_bytes", traffic.receivedBytes), LogField("sent_bytes", traffic.sentBytes),
            ]
        }
        log.debug(
            "connection closed",
            who() + [
                LogField("reason", reason.labelValue), LogField("initiator", reason.initiator.rawValue),
                LogField("duration", duration),
            ] + counts()
        )
        guard reason == .slow || reason == .writeTimeout else { return }
        log.log(
            .info,
            limit: slowClients[Int(reason.rawValue)],
            "slow client disconnected",
            who() + [LogField("reason", reason.labelValue), LogField("duration", duration)]
        )
    }

    /// A connection was turned away before it was a WebSocket.
    func refused(_ reason: RejectionReason, _ peer: SocketAddress) {
        log.log(
            Self.level(of: reason),
            limit: refusals[Int(reason.rawValue)],
            "connection refused",
            [LogField("peer", peer.description), LogField("reason", reason.labelValue)]
        )
    }

    /// What an operator may have to act on is a warning; a client's own fault is for those who look for it.
    private static func level(of reason: RejectionReason) -> LogLevel {
        switch reason {
        case .nodeLimit, .ipLimit: .warning
        case .draining: .info
        default: .debug
        }
    }

    /// Accepting pauses, which a listener says ten times a second as long as descriptors are short.
    func acceptingPauses(_ error: LoopError) {
        log.warning(limit: acceptPauses, "accepting pauses", [LogField("error", error.message)])
    }

    /// An accepted connection was given up.
    func notWatched(_ peer: SocketAddress, _ error: LoopError) {
        log.warning(
            limit: watchFailures,
            "a connection could not be watched",
            [LogField("peer", peer.description), LogField("error", error.message)]
        )
    }
}
