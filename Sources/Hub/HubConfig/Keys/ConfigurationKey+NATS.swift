// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationKey {
    /// Section `bus.nats` and the sections in it.
    static let nats: [ConfigurationKey] =
        natsServer + natsLogin + natsStream + natsConsumer + tls("bus.nats.tls", \.bus.nats.tls, of: "NATS")

    private static let natsServer: [ConfigurationKey] = [
        ConfigurationKey(
            "bus.nats.urls",
            \.bus.nats.urls,
            listOf: .text(.natsURL),
            count: 1...32,
            "Where NATS listens; without a port at 4222. tls:// needs bus.nats.tls.enabled, which is for nats:// as well."
        ),
        ConfigurationKey(
            "bus.nats.jetstream",
            \.bus.nats.jetstream,
            .truth,
            "false loses what is published while a node is not connected; true lets it catch up, from a stream of JetStream."
        ),
        ConfigurationKey(
            "bus.nats.subject_prefix",
            \.bus.nats.subjectPrefix,
            .text(.natsPrefix),
            "What every subject of the hub begins with: the same on all nodes, another for each hub on one NATS."
        ),
        ConfigurationKey(
            "bus.nats.client_name",
            \.bus.nats.clientName,
            .text(.connectionName),
            "What the server's monitoring (/connz) calls the node's connection, with the node's id behind it."
        ),
        ConfigurationKey(
            "bus.nats.connect_timeout",
            \.bus.nats.connectTimeout,
            .duration(.milliseconds(100) ... .seconds(300)),
            "How long one attempt at one server may take."
        ),
        ConfigurationKey(
            "bus.nats.reconnect_wait",
            \.bus.nats.reconnectWait,
            .duration(.milliseconds(10) ... .seconds(60)),
            "The longest wait before the first attempt to connect again. It doubles up to 10s, or stays if it is longer; a random part of it is waited."
        ),
        ConfigurationKey(
            "bus.nats.abort_on_connect_fail",
            \.bus.nats.abortOnConnectFail,
            .truth,
            "Whether a node that cannot reach NATS at its start ends with exit code 69; otherwise it goes on trying."
        ),
    ]

    /// The ways to log in, of which a configuration has one at most.
    private static let natsLogin: [ConfigurationKey] = [
        ConfigurationKey(
            "bus.nats.user",
            \.bus.nats.user,
            .text(.userName.orEmpty("none")),
            "The user as whom the hub logs in. Needs bus.nats.password_file."
        ),
        ConfigurationKey(
            "bus.nats.password_file",
            \.bus.nats.passwordFile,
            .text(.secretFile().orEmpty("no password")),
            "A file with the user's password, and nothing else but perhaps a line's end."
        ),
        ConfigurationKey(
            "bus.nats.token_file",
            \.bus.nats.tokenFile,
            .text(.secretFile("token").orEmpty("no token")),
            "A file with a token, in place of a user."
        ),
        ConfigurationKey(
            "bus.nats.creds_file",
            \.bus.nats.credsFile,
            .text(.secretFile("JWT").orEmpty("none")),
            "A file with a user's JWT and seed as nsc writes it, in place of a user."
        ),
        ConfigurationKey(
            "bus.nats.nkey",
            \.bus.nats.nkey,
            .text(.nkey.orEmpty("none")),
            "A user's public nkey, in place of a user. Needs bus.nats.nkey_seed_file."
        ),
        ConfigurationKey(
            "bus.nats.nkey_seed_file",
            \.bus.nats.nkeySeedFile,
            .text(.secretFile("seed").orEmpty("none")),
            "A file with the seed of the nkey."
        ),
    ]

    /// Section `bus.nats.stream`.
    private static let natsStream: [ConfigurationKey] = [
        ConfigurationKey(
            "bus.nats.stream.name",
            \.bus.nats.stream.name,
            .text(.streamName),
            "The stream's name: the same on all nodes, another for each hub on one NATS."
        ),
        ConfigurationKey(
            "bus.nats.stream.retention",
            \.bus.nats.stream.retention,
            .word(\.rawValue),
            "limits keeps what the limits below allow; interest drops a message once every node has acknowledged it."
        ),
        ConfigurationKey(
            "bus.nats.stream.max_age",
            \.bus.nats.stream.maxAge,
            .duration(.seconds(60) ... .seconds(365 * 86_400)),
            "How long a message is kept."
        ),
        ConfigurationKey(
            "bus.nats.stream.max_msgs",
            \.bus.nats.stream.maxMsgs,
            .whole(1000...1_000_000_000),
            "How many messages are kept; beyond that the oldest go."
        ),
        ConfigurationKey(
            "bus.nats.stream.max_bytes",
            \.bus.nats.stream.maxBytes,
            .bytes(.mebibytes(1) ... .gibibytes(16 << 10)),
            "How much is kept; beyond that the oldest messages go."
        ),
        ConfigurationKey(
            "bus.nats.stream.replicas",
            \.bus.nats.stream.replicas,
            .whole(1...5),
            "On how many servers the stream lies. More than 1 needs a cluster of NATS."
        ),
        ConfigurationKey(
            "bus.nats.stream.compress",
            \.bus.nats.stream.compress,
            .truth,
            "Whether the server compresses the stream. A server before 2.10 ignores it."
        ),
        ConfigurationKey(
            "bus.nats.stream.duplicate_window",
            \.bus.nats.stream.duplicateWindow,
            .duration(.seconds(1) ... .seconds(3600)),
            "How long the server remembers a message, to drop it when it is published again. At most bus.nats.stream.max_age."
        ),
    ]

    /// Section `bus.nats.consumer`.
    private static let natsConsumer: [ConfigurationKey] = [
        ConfigurationKey(
            "bus.nats.consumer.ack_wait",
            \.bus.nats.consumer.ackWait,
            .duration(.seconds(1) ... .seconds(3600)),
            "A message that the node has not acknowledged after so long is delivered again."
        ),
        ConfigurationKey(
            "bus.nats.consumer.max_deliver",
            \.bus.nats.consumer.maxDeliver,
            .whole(1...1000),
            "How many times a message is delivered."
        ),
        ConfigurationKey(
            "bus.nats.consumer.max_ack_pending",
            \.bus.nats.consumer.maxAckPending,
            .whole(10...100_000),
            "How many messages may be delivered to a node and not acknowledged."
        ),
    ]
}
