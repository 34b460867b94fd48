// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog

extension ConfigurationKey {
    /// Every key, in the order of the file; nothing else can be configured.
    package static let all: [ConfigurationKey] = server + hub + bus + redis + nats + cluster + log

    /// The sections in the order of the file, with what each is about.
    package static let sections: [(path: String, purpose: String)] = [
        ("server", "Listeners, time-outs and limits of connections."),
        ("hub", "Messages, queues and heartbeats."),
        ("bus", "How nodes reach each other."),
        ("bus.buffer", "What is kept while the bus is down, to be published when it is back."),
        ("bus.redis", "Where Redis is and how it is used; for bus.type redis."),
        ("bus.redis.tls", "TLS to Redis; all files are PEM."),
        (
            "bus.nats",
            "Where NATS is and how it is used; for bus.type nats. A node logs in by a user, a token, credentials or an nkey, or not at all."
        ),
        ("bus.nats.stream", "The stream in which publications are kept; only with bus.nats.jetstream."),
        ("bus.nats.consumer", "How a node reads the stream; only with bus.nats.jetstream."),
        ("bus.nats.tls", "TLS to NATS; all files are PEM."),
        ("cluster", "Nodes that join through etcd."),
        ("cluster.etcd", "Where etcd is and which keys belong to the hub."),
        ("log", "What is logged and how."),
    ]

    private static let server: [ConfigurationKey] = [
        ConfigurationKey(
            "server.addr",
            \.server.addr,
            .text(.address),
            "Where clients connect. Port 0 takes any that is free; :port is every address, [::]:port those of IPv6 alone."
        ),
        ConfigurationKey(
            "server.admin_addr",
            \.server.adminAddr,
            .text(.address.orEmpty("server.addr")),
            "Where metrics, health and version are served instead, so that clients cannot reach them."
        ),
        ConfigurationKey(
            "server.loops",
            \.server.loops,
            .whole(0...256, note: "0 is one a core"),
            "Event loops, each on a thread of its own."
        ),
        ConfigurationKey(
            "server.read_timeout",
            \.server.readTimeout,
            .duration(.milliseconds(100) ... .seconds(86_400)),
            "A connection on which nothing at all arrives for so long, not even a pong, is closed."
        ),
        ConfigurationKey(
            "server.write_timeout",
            \.server.writeTimeout,
            .duration(.milliseconds(100) ... .seconds(86_400)),
            "A connection that takes nothing of what waits for it for so long is closed."
        ),
        ConfigurationKey(
            "server.message_timeout",
            \.server.messageTimeout,
            .duration(.seconds(1) ... .seconds(86_400)),
            "A message that is not whole so long after its first byte closes its connection; looked at with each ping."
        ),
        ConfigurationKey(
            "server.header_timeout",
            \.server.headerTimeout,
            .duration(.milliseconds(100) ... .seconds(300)),
            "A request head that has not arrived whole after so long is refused."
        ),
        ConfigurationKey(
            "server.body_timeout",
            \.server.bodyTimeout,
            .duration(.milliseconds(100) ... .seconds(3600)),
            "A request body that has not arrived whole so long after its head is refused."
        ),
        ConfigurationKey(
            "server.keep_alive_timeout",
            \.server.keepAliveTimeout,
            .duration(.milliseconds(100) ... .seconds(3600)),
            "An HTTP connection that brings no further request for so long is closed."
        ),
        ConfigurationKey(
            "server.close_timeout",
            \.server.closeTimeout,
            .duration(.milliseconds(100) ... .seconds(60)),
            "How long a client may take to answer a close frame."
        ),
        ConfigurationKey(
            "server.drain_delay",
            \.server.drainDelay,
            .duration(.zero ... .seconds(300)),
            "At the end, how long clients are still taken after /readyz says no: as long as a balancer needs to see that."
        ),
        ConfigurationKey(
            "server.drain_timeout",
            \.server.drainTimeout,
            .duration(.zero ... .seconds(3600)),
            "At the end, connections are closed spread over this time, so that not all come back at once."
        ),
        ConfigurationKey(
            "server.drain_linger",
            \.server.drainLinger,
            .duration(.zero ... .seconds(300)),
            "How long server.admin_addr is served after the last client has gone, so that a scrape sees the end."
        ),
        ConfigurationKey(
            "server.max_head_bytes",
            \.server.maxHeadBytes,
            .bytes(.kibibytes(1) ... .mebibytes(1)),
            "The largest request head."
        ),
        ConfigurationKey(
            "server.body_buffer_bytes",
            \.server.bodyBufferBytes,
            .bytes(.mebibytes(1) ... .gibibytes(16)),
            "Request bodies in memory, of all connections; more get 503. One address may have a quarter."
        ),
        ConfigurationKey(
            "server.max_connections",
            \.server.maxConnections,
            .whole(1...10_000_000),
            "TCP connections of clients, WebSockets and others; more get 503. Fewer when open files (ulimit -n) do not suffice, which the log says unless this is the default."
        ),
        ConfigurationKey(
            "server.max_connections_per_ip",
            \.server.maxConnectionsPerIp,
            .whole(0...10_000_000, note: "0 is no limit"),
            "TCP connections of one address (IPv6: of one /64); more get 503. Set 0 behind a proxy, where all clients share its address."
        ),
        ConfigurationKey(
            "server.allowed_origins",
            \.server.allowedOrigins,
            listOf: .text(.origin),
            count: 0...1000,
            "Web pages that may connect beside those of the same host. *.domain is every host below it, not itself, by http or https and any port. file://, \"null\" and \"*\" (in quotes) let in pages of strangers."
        ),
        ConfigurationKey(
            "server.max_concurrent_scrapes",
            \.server.maxConcurrentScrapes,
            .whole(1...64),
            "Pages of metrics that one address may ask for and not take; more get 503. Those who wait for a page share it."
        ),
    ]

    private static let hub: [ConfigurationKey] = [
        ConfigurationKey(
            "hub.node_id",
            \.hub.nodeId,
            .text(.name.orEmpty("node- and eight random hexadecimal digits")),
            "The node's name, different on each node."
        ),
        ConfigurationKey(
            "hub.max_message_bytes",
            \.hub.maxMessageBytes,
            .bytes(.kibibytes(1) ... .mebibytes(64)),
            "The largest message of a client, and to a client; a larger one of its own closes its connection with 1009."
        ),
        ConfigurationKey(
            "hub.message_buffer_cap",
            \.hub.messageBufferCap,
            .whole(1...1_000_000),
            "Messages that may wait for one client."
        ),
        ConfigurationKey(
            "hub.message_buffer_bytes",
            \.hub.messageBufferBytes,
            .bytes(.kibibytes(1) ... .gibibytes(1)),
            "Bytes that may wait for one client. At least hub.max_message_bytes."
        ),
        ConfigurationKey(
            "hub.slow_client_policy",
            \.hub.slowClientPolicy,
            .word(\.rawValue),
            "What becomes of a client whose queue is full: disconnect closes it with 1013, the others drop messages, counted."
        ),
        ConfigurationKey(
            "hub.ping_interval",
            \.hub.pingInterval,
            .duration(.milliseconds(100) ... .seconds(3600)),
            "How often a client is pinged, give or take some jitter."
        ),
        ConfigurationKey(
            "hub.pong_timeout",
            \.hub.pongTimeout,
            .duration(.milliseconds(100) ... .seconds(600)),
            "A client that has not answered a ping after so long is closed. At most hub.ping_interval."
        ),
        ConfigurationKey(
            "hub.max_subscriptions_per_client",
            \.hub.maxSubscriptionsPerClient,
            .whole(1...1_000_000),
            "Topics to which one client may subscribe."
        ),
        ConfigurationKey(
            "hub.max_subscriptions_per_ip",
            \.hub.maxSubscriptionsPerIp,
            .whole(0...100_000_000, note: "0 is no limit"),
            "Subscriptions of all clients of one address together. Set 0 behind a proxy, where all clients share its address."
        ),
        ConfigurationKey(
            "hub.max_topics",
            \.hub.maxTopics,
            .whole(1...100_000_000),
            "Topics with subscribers on each event loop; bounds its table."
        ),
    ]

    private static let cluster: [ConfigurationKey] = [
        ConfigurationKey(
            "cluster.enabled",
            \.cluster.enabled,
            .truth,
            "Whether nodes join through etcd; true needs the etcd bus, which is not in this build."
        ),
        ConfigurationKey(
            "cluster.etcd.endpoints",
            \.cluster.etcd.endpoints,
            listOf: .text(.endpoint),
            count: 1...32,
            "The members of etcd."
        ),
        ConfigurationKey(
            "cluster.etcd.dial_timeout",
            \.cluster.etcd.dialTimeout,
            .duration(.milliseconds(100) ... .seconds(300)),
            "How long a connection to a member may take."
        ),
        ConfigurationKey(
            "cluster.etcd.key_prefix",
            \.cluster.etcd.keyPrefix,
            .text(.keyPrefix),
            "What the hub's keys begin with."
        ),
    ]

    private static let log: [ConfigurationKey] = [
        ConfigurationKey(
            "log.level",
            \.log.level,
            .word(\.name),
            "The lowest level that is logged."
        ),
        ConfigurationKey(
            "log.format",
            \.log.format,
            .word(\.rawValue),
            "How lines look; auto is text on a terminal and otherwise JSON."
        ),
    ]
}
