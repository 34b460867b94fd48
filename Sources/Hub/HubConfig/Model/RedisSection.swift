// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Section `bus.redis`: where Redis is and how it is used.
///
/// Passwords stand in files, of which only the names are here; the program reads them.
package struct RedisSection: Equatable, Sendable {
    /// The servers, the sentinels or some nodes of the cluster, as `host:port`.
    package var addrs = ["127.0.0.1:6379"]
    /// What listens at the addresses.
    package var mode = RedisMode.single
    /// How publications travel.
    package var delivery = RedisDelivery.pubsub
    /// The ACL user; empty is the user `default`.
    package var user = ""
    /// The file with the password; empty is none.
    package var passwordFile = ""
    /// The ACL user of the sentinels; empty is their user `default`.
    package var sentinelUser = ""
    /// The file with the sentinels' password; empty is none.
    package var sentinelPasswordFile = ""
    /// The number of the database; channels of Pub/Sub are the same in all.
    package var db = 0
    /// What every channel and key of the hub begins with.
    package var keyPrefix = "gohub:"
    /// The name by which the sentinels know the master; empty in the other modes.
    package var masterName = ""
    /// What `CLIENT LIST` calls the node's connections.
    package var clientName = "gohub"
    /// How long a connection may take.
    package var connectTimeout = Duration.seconds(5)
    /// How long a command that is not a publication may take.
    package var syncTimeout = Duration.seconds(5)
    /// Whether a node ends when it cannot reach Redis at its start.
    package var abortOnConnectFail = false
    /// About how many messages a stream keeps.
    package var streamMaxLength = 100_000
    /// Section `bus.redis.tls`: TLS to Redis.
    package var tls = BusTLSSection()

    /// Starts with the defaults.
    package init() {}
}

/// What listens at the addresses of Redis.
package enum RedisMode: String, CaseIterable, Sendable {
    /// One server.
    case single
    /// Sentinels, which know the server to use.
    case sentinel
    /// Nodes of a cluster.
    case cluster
}

/// How publications travel through Redis.
package enum RedisDelivery: String, CaseIterable, Sendable {
    /// Pub/Sub: what is published while a node is not connected does not reach it.
    case pubsub
    /// A stream, which a node reads from where it was.
    case streams
}

extension String {
    /// The text, or nil when it is empty, which in a configuration means that nothing was given.
    package var unlessEmpty: String? { isEmpty ? nil : self }
}
