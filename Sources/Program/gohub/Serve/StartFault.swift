// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubConfig
import HubLoop
import HubTLS

/// Why a node does not serve, what to do about it, and what the process says of it.
struct StartFault: Error {
    let message: String
    var advice: String?
    var exitCode = ExitCode.failure

    /// A loop, a thread or an address cannot be had.
    init(_ error: LoopError) {
        message = error.message
        advice =
            switch error.code {
            case .addressInUse: "--server-addr and --server-admin-addr choose other addresses"
            case .addressNotAvailable: "no interface of this machine has this address; :port alone is all of them"
            case .notPermitted: "ports below 1024 need root or CAP_NET_BIND_SERVICE; 8080 does not"
            case .nameNotFound: "an address of this machine is expected, or :port for all of them"
            default: nil
            }
    }

    /// A file for TLS cannot be used.
    init(_ error: TLSError) {
        message = error.message
        exitCode = .configuration
    }

    /// Another node answers to this node's name.
    init(nameTaken node: NodeRecord) {
        message = "another node on the bus is called \"\(node.id)\""
        advice = "give each node a hub.node_id of its own, or none: then it makes one"
        exitCode = .inUse
    }

    /// The bus was to be there, and is not.
    static func busUnreachable(_ bus: BusType) -> StartFault {
        StartFault(
            message: "the message bus cannot be reached, and bus.\(bus.rawValue).abort_on_connect_fail is true",
            advice: "the log says what was tried",
            exitCode: .unavailable
        )
    }

    /// The node was told to leave the bus while it joined.
    static let busClosed = StartFault(
        message: "the node left the message bus before it had joined",
        advice: nil,
        exitCode: .unavailable
    )

    private init(message: String, advice: String?, exitCode: ExitCode) {
        self.message = message
        self.advice = advice
        self.exitCode = exitCode
    }
}
