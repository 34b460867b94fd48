// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationKey {
    /// Sections `bus` and `bus.buffer`: what is the same with every bus.
    static let bus: [ConfigurationKey] = [
        ConfigurationKey(
            "bus.type",
            \.bus.type,
            .word(\.rawValue, elsewhere: ["etcd", "mesh"]),
            "Which bus connects the nodes. noop: none, the node stands alone."
        ),
        ConfigurationKey(
            "bus.accept_bare",
            \.bus.acceptBare,
            .truth,
            "Whether what outside programs write to the bus (redis-cli PUBLISH, nats pub) reaches clients; false drops it, counted."
        ),
        ConfigurationKey(
            "bus.publish_timeout",
            \.bus.publishTimeout,
            .duration(.zero ... .seconds(60), note: "0s is the kind's own: redis 50ms, nats 10ms, 2s with jetstream"),
            "A publication that the bus has not taken after so long has failed, though it may still arrive."
        ),
        ConfigurationKey(
            "bus.probe_after",
            \.bus.probeAfter,
            .duration(.seconds(1) ... .seconds(3600)),
            "When nothing has come from the bus for so long, the node sends itself a message through it; one that does not come back means to connect anew. A single connection that was silent for so long is asked for a sign of life."
        ),
        ConfigurationKey(
            "bus.unsubscribe_after",
            \.bus.unsubscribeAfter,
            .duration(.zero ... .seconds(60)),
            "How long a topic stays subscribed at the bus after the node's last subscriber has left."
        ),
        ConfigurationKey(
            "bus.buffer.max_bytes",
            \.bus.buffer.maxBytes,
            .bytes(ByteCount(0) ... .gibibytes(1), note: "0B keeps nothing"),
            "How much waits while the bus is down. What does not fit fails at once, as without a buffer."
        ),
        ConfigurationKey(
            "bus.buffer.max_age",
            \.bus.buffer.maxAge,
            .duration(.milliseconds(100) ... .seconds(3600)),
            "A publication that has waited for so long fails."
        ),
    ]

    /// Sections `bus.redis` and `bus.redis.tls`.
    static let redis = redisServer + tls("bus.redis.tls", \.bus.redis.tls, of: "Redis, and to sentinels,")

    private static let redisServer: [ConfigurationKey] = [
        ConfigurationKey(
            "bus.redis.addrs",
            \.bus.redis.addrs,
            listOf: .text(.redisAddress),
            count: 1...32,
            "Where Redis listens. With mode sentinel these are the sentinels, with cluster some of its nodes."
        ),
        ConfigurationKey(
            "bus.redis.mode",
            \.bus.redis.mode,
            .word(\.rawValue),
            "What listens there: one server, sentinels that know the server to use, or the nodes of a cluster."
        ),
        ConfigurationKey(
            "bus.redis.delivery",
            \.bus.redis.delivery,
            .word(\.rawValue),
            "pubsub loses what is published while a node is not connected; streams lets it catch up, and Redis keep messages."
        ),
        ConfigurationKey(
            "bus.redis.user",
            \.bus.redis.user,
            .text(.userName.orEmpty("the user default")),
            "The ACL user as whom the hub logs in. Needs bus.redis.password_file."
        ),
        ConfigurationKey(
            "bus.redis.password_file",
            \.bus.redis.passwordFile,
            .text(.secretFile().orEmpty("no password")),
            "A file with the password, and nothing else but perhaps a line's end."
        ),
        ConfigurationKey(
            "bus.redis.sentinel_user",
            \.bus.redis.sentinelUser,
            .text(.userName.orEmpty("the user default")),
            "The same for the sentinels themselves. Needs bus.redis.sentinel_password_file."
        ),
        ConfigurationKey(
            "bus.redis.sentinel_password_file",
            \.bus.redis.sentinelPasswordFile,
            .text(.secretFile().orEmpty("no password")),
            "A file with the sentinels' own password."
        ),
        ConfigurationKey(
            "bus.redis.db",
            \.bus.redis.db,
            .whole(0...16_383),
            "The database of streams; channels are the same in every database. A cluster has only 0."
        ),
        ConfigurationKey(
            "bus.redis.key_prefix",
            \.bus.redis.keyPrefix,
            .text(.redisPrefix),
            "What every channel and key of the hub begins with: the same on all nodes, another for each hub on one Redis."
        ),
        ConfigurationKey(
            "bus.redis.master_name",
            \.bus.redis.masterName,
            .text(.name.orEmpty("the other modes")),
            "The name by which the sentinels know the master. Only for mode sentinel, which needs it."
        ),
        ConfigurationKey(
            "bus.redis.client_name",
            \.bus.redis.clientName,
            .text(.connectionName),
            "What CLIENT LIST calls the node's connections."
        ),
        ConfigurationKey(
            "bus.redis.connect_timeout",
            \.bus.redis.connectTimeout,
            .duration(.milliseconds(100) ... .seconds(300)),
            "How long a connection to an address may take."
        ),
        ConfigurationKey(
            "bus.redis.sync_timeout",
            \.bus.redis.syncTimeout,
            .duration(.milliseconds(100) ... .seconds(300)),
            "How long a command that is not a publication may take before the node connects anew."
        ),
        ConfigurationKey(
            "bus.redis.abort_on_connect_fail",
            \.bus.redis.abortOnConnectFail,
            .truth,
            "Whether a node that cannot reach Redis at its start ends with exit code 69; otherwise it goes on trying."
        ),
        ConfigurationKey(
            "bus.redis.stream_max_length",
            \.bus.redis.streamMaxLength,
            .whole(1000...100_000_000),
            "About how many messages a stream keeps. Only for delivery streams."
        ),
    ]
}
