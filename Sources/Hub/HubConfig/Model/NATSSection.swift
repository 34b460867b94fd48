// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Section `bus.nats`: where NATS is and how it is used.
///
/// Secrets stand in files, of which only the names are here; the program reads them. Of the ways to log in one at most is set.
package struct NATSSection: Equatable, Sendable {
    /// The servers: `nats://host[:port]`, `tls://host[:port]` or `host:port`.
    package var urls = ["nats://127.0.0.1:4222"]
    /// Whether publications are kept in a stream of JetStream.
    package var jetstream = false
    /// The first tokens of every subject of the hub.
    package var subjectPrefix = "gohub"
    /// What the server's monitoring calls the node's connection.
    package var clientName = "gohub"
    /// The user; empty is none.
    package var user = ""
    /// The file with the user's password; empty is none.
    package var passwordFile = ""
    /// The file with a token; empty is none.
    package var tokenFile = ""
    /// The file with a user's JWT and seed; empty is none.
    package var credsFile = ""
    /// The user's public nkey; empty is none.
    package var nkey = ""
    /// The file with the seed of the nkey; empty is none.
    package var nkeySeedFile = ""
    /// How long one attempt at one server may take.
    package var connectTimeout = Duration.seconds(2)
    /// The longest wait before the first attempt to connect again.
    package var reconnectWait = Duration.seconds(2)
    /// Whether a node ends when it cannot reach NATS at its start.
    package var abortOnConnectFail = false
    /// Section `bus.nats.stream`: the stream of JetStream.
    package var stream = NATSStreamSection()
    /// Section `bus.nats.consumer`: how a node reads the stream.
    package var consumer = NATSConsumerSection()
    /// Section `bus.nats.tls`: TLS to NATS.
    package var tls = BusTLSSection()

    /// Starts with the defaults.
    package init() {}

    /// The servers as `host:port`, without scheme, and with the port of NATS where a URL has none.
    package var addresses: [String] { urls.map(Self.address) }

    private static func address(of url: String) -> String {
        let scheme = ["nats://", "tls://"].first { url.hasPrefix($0) } ?? ""
        let place = url.dropFirst(scheme.count)
        return place.contains(":") && !place.hasSuffix("]") ? String(place) : "\(place):4222"
    }
}

/// Section `bus.nats.stream`: the stream of JetStream in which publications are kept.
package struct NATSStreamSection: Equatable, Sendable {
    /// The stream's name.
    package var name = "GOHUB_BUS"
    /// What the stream keeps.
    package var retention = NATSRetention.limits
    /// How long a message is kept.
    package var maxAge = Duration.seconds(3600)
    /// How many messages are kept.
    package var maxMsgs = 1_000_000
    /// How many bytes are kept.
    package var maxBytes = ByteCount.gibibytes(1)
    /// On how many servers the stream lies.
    package var replicas = 1
    /// Whether the server compresses the stream.
    package var compress = false
    /// How long the server remembers a message, to drop it when it is published again.
    package var duplicateWindow = Duration.seconds(120)

    /// Starts with the defaults.
    package init() {}
}

/// What a stream of JetStream keeps.
package enum NATSRetention: String, CaseIterable, Sendable {
    /// All messages within the limits.
    case limits
    /// Of these, those that some consumer has not acknowledged.
    case interest
}

/// Section `bus.nats.consumer`: how a node reads the stream of JetStream.
package struct NATSConsumerSection: Equatable, Sendable {
    /// How long the server waits for an acknowledgement before it delivers a message again.
    package var ackWait = Duration.seconds(30)
    /// How many times a message is delivered.
    package var maxDeliver = 5
    /// How many messages may be delivered and not acknowledged.
    package var maxAckPending = 1000

    /// Starts with the defaults.
    package init() {}
}
