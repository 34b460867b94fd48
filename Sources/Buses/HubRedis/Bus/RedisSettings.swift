// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubLoop
package import HubTLS

/// How a node uses Redis.
package struct RedisSettings: Sendable {
    /// What kind of Redis there is.
    package enum Mode: String, Sendable, CaseIterable {
        /// One server, or several of which one is up.
        case single
        /// Sentinels know which server is the master.
        case sentinel
        /// A cluster; every node of it carries all Pub/Sub messages, except those that are sharded.
        case cluster
    }

    /// How publications travel.
    package enum Delivery: String, Sendable, CaseIterable {
        /// Pub/Sub: what is published while a node is not connected does not reach it.
        case pubsub
        /// A stream: a node reads on where it was before its connection broke.
        case streams
    }

    package var mode = Mode.single
    package var delivery = Delivery.pubsub
    /// The servers, the sentinels, or some nodes of the cluster.
    package var addresses = [SocketAddress(host: "127.0.0.1", port: 6379)]
    /// The name under which sentinels know the master.
    package var masterName = ""
    package var user: String?
    /// The password, asked for at each connection, so that a new one is taken up without a restart.
    package var password: BusSecret.Source?
    /// The user and the password of the sentinels.
    package var sentinelUser: String?
    package var sentinelPassword: BusSecret.Source?
    package var database = 0
    package var clientName = "gohub"
    /// What all channels and keys begin with.
    package var keyPrefix = "gohub:"
    /// Nil without TLS.
    package var tls: TLSClientOptions?
    package var connectTimeout = Duration.seconds(5)
    /// How long a command that is not a publish may take.
    package var syncTimeout = Duration.seconds(5)
    /// How long a connection may be silent before it is asked for a sign of life, and how long it may take to give one.
    ///
    /// ``HubBus/BusSupervisor`` asks whether messages come back at all, which says nothing of a connection that carries others.
    package var probeAfter = Duration.seconds(30)
    package var probeTimeout = Duration.seconds(5)
    /// About how many messages the stream keeps.
    package var streamMaxLength = 100_000
    /// The longest message that nodes send each other.
    package var maxMessageBytes = (1 << 20) + 4096

    /// The defaults.
    package init() {}

    /// The name of the stream.
    var streamKey: [UInt8] { Array(keyPrefix.utf8) + Array("stream".utf8) }

    var connection: RedisConnectionOptions {
        var options = RedisConnectionOptions()
        options.connectTimeout = connectTimeout
        options.handshakeTimeout = syncTimeout
        options.maxReply = max(options.maxReply, 2 * maxMessageBytes)
        return options
    }
}
