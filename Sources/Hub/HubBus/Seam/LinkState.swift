// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// How far the connection to a bus's server has come.
package enum LinkState: Sendable {
    /// The server was reached; the adapter says who it is.
    case authenticating
    /// The session stands: interests can be declared.
    case connected
    /// There is no connection, or none any more.
    case down(LinkFault)
}

/// Why a connection to a bus's server ended, or did not come about.
package struct LinkFault: Error, Sendable, Equatable {
    /// A closed set, for metrics.
    package enum Reason: String, CaseIterable, Sendable, MetricLabel {
        /// Nobody listens there, the name is not known, or the network says no.
        case unreachable
        /// The server does not take the user, the password or the certificate, or the right to subscribe is missing, or
        /// it takes no messages of this node.
        case refused
        /// The server's certificate is not trusted or not its own, or it speaks no TLS.
        case tls
        /// Nothing came back in time.
        case timeout
        /// The server closed the connection, or the network broke it.
        case closed
        /// What came was not understood.
        case badReply = "bad_reply"
        /// The server is not, or no longer, the one to write to.
        case moved

        package static let labelName = "reason"
    }

    package let reason: Reason
    /// What was tried, where, and what came of it; for the log: addresses allowed, secrets never.
    package let message: String

    /// Says what went wrong.
    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// The server was waited for in vain.
    package static let silence = LinkFault(.timeout, "no answer from the server in time")
}
