// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop
package import HubTLS

/// How a node uses NATS.
package struct NATSSettings: Sendable {
    /// How a node says who it is.
    package enum Login: Sendable {
        /// Not at all.
        case none
        /// By a name and a password.
        case password(user: String, BusSecret.Source)
        /// By what the server has as its token.
        case token(BusSecret.Source)
        /// A file with a JWT and the seed that signs for it, as `nsc` writes it.
        case credentials(file: String)
        /// A public key, and a file with its seed.
        case nkey(String, seedFile: String)
    }

    /// The servers; one is enough to know the others of its cluster.
    package var addresses = [SocketAddress(host: "127.0.0.1", port: 4222)]
    /// How the node says who it is.
    package var login = Login.none
    /// Nil without TLS.
    package var tls: TLSClientOptions?
    /// What the server's monitoring calls the connection.
    package var clientName = "gohub"
    /// What all subjects begin with: tokens with dots between them.
    package var subjectPrefix = "gohub"
    /// The stream that publications go through; nil for core NATS.
    package var jetStream: JetStreamSettings?
    /// The most bytes of what clients may send: a server that takes less is told of.
    package var maxMessageBytes = 1 << 20
    /// How long an attempt at one server may take.
    package var connectTimeout = Duration.seconds(2)
    /// The most bytes of messages that wait while the hub has no room, beside as many that are being handed over; what comes then is
    /// dropped.
    package var inboxBytes = 16 << 20
    /// The most bytes that wait to be written; what is published then fails.
    package var outboxBytes = 8 << 20

    /// In which way NATS is used, for `gohub_bus_info`.
    package var mode: String { jetStream == nil ? "core" : "jetstream" }

    /// The defaults.
    package init() {}
}
