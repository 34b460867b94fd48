// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLog

/// Everything that can be set from outside, with the default of every key as its first value.
///
/// The names are those of the file in camel case: `server.read_timeout` is `server.readTimeout`. What each key is for, what it
/// may be, its environment variable and its flag stand in ``ConfigurationKey/all``, and nowhere else. A value made by
/// ``ConfigurationLoader`` is within the allowed ranges; one made by hand is the maker's business. Nothing is read again while
/// the process runs.
package struct Configuration: Equatable, Sendable {
    /// Section `server`: listeners, time-outs and limits of connections.
    package var server = ServerSection()
    /// Section `hub`: messages, queues and heartbeats.
    package var hub = HubSection()
    /// Section `bus`: how nodes reach each other.
    package var bus = BusSection()
    /// Section `cluster`: the nodes' etcd.
    package var cluster = ClusterSection()
    /// Section `log`: what is logged and how.
    package var log = LogSection()

    /// Starts with the defaults.
    package init() {}
}

/// Section `server`: listeners, time-outs and limits of connections.
package struct ServerSection: Equatable, Sendable {
    /// Where clients connect.
    package var addr = ":8080"
    /// Where metrics and health are served instead, if not empty.
    package var adminAddr = ""
    /// Event loops, one thread each; 0 is one a core.
    package var loops = 0
    /// How long a connection may send nothing.
    package var readTimeout = Duration.seconds(180)
    /// How long a write may make no progress.
    package var writeTimeout = Duration.seconds(180)
    /// How long a message may take to arrive.
    package var messageTimeout = Duration.seconds(120)
    /// How long a request head may take to arrive.
    package var headerTimeout = Duration.seconds(10)
    /// How long a request body may take to arrive.
    package var bodyTimeout = Duration.seconds(30)
    /// How long an HTTP connection may wait for its next request.
    package var keepAliveTimeout = Duration.seconds(75)
    /// How long a closing handshake may take.
    package var closeTimeout = Duration.seconds(5)
    /// How long a draining node goes on taking clients, so that balancers see it first that it is not ready.
    package var drainDelay = Duration.zero
    /// Over how long a drain spreads the closing of connections.
    package var drainTimeout = Duration.seconds(20)
    /// How long operators are served after the last client has gone.
    package var drainLinger = Duration.zero
    /// The largest request head.
    package var maxHeadBytes = ByteCount.kibibytes(16)
    /// Request bodies in memory, of all connections.
    package var bodyBufferBytes = ByteCount.mebibytes(64)
    /// Connections of the node, WebSockets and others.
    package var maxConnections = 100_000
    /// Connections of one address, WebSockets and others; 0 is no limit.
    package var maxConnectionsPerIp = 1000
    /// Origins beside the same host from which browsers may connect.
    package var allowedOrigins: [String] = []
    /// Scrapes that one address may leave untaken.
    package var maxConcurrentScrapes = 4

    /// Starts with the defaults.
    package init() {}

    /// How the descriptors that the process may open are shared out.
    ///
    /// - Parameter limit: The soft limit of open files (`RLIMIT_NOFILE`).
    /// - Parameter loops: How many loops there will be.
    package func descriptors(within limit: UInt64, loops: Int) -> DescriptorShares {
        let operators = min(64, limit / 4)
        // Beside the operators' those of connections that are told there is no room, of loops, listeners, bus and log.
        // A loop has six: one to wait at, two to be woken by (libuv's and its own), libuv's pipe for signals, and a listener.
        let reserved = min(limit / 2, operators + 64 + 32 + 6 * UInt64(clamping: loops))
        return DescriptorShares(
            connections: max(1, min(maxConnections, Int(clamping: limit - reserved))),
            operatorConnections: max(1, Int(operators)),
            firstOfOperators: Int32(clamping: max(1, limit - operators))
        )
    }
}

/// Who gets how many of the descriptors that the process may open.
package struct DescriptorShares: Equatable, Sendable {
    /// The connections of clients: ``ServerSection/maxConnections``, or less when that many do not fit; at least 1.
    package let connections: Int
    /// The connections of operators at a listener of their own.
    package let operatorConnections: Int
    /// The descriptor from which on none is given to clients.
    package let firstOfOperators: Int32
}

/// Section `hub`: messages, queues and heartbeats.
package struct HubSection: Equatable, Sendable {
    /// The node's name; empty is `node-` and eight random hexadecimal digits.
    package var nodeId = ""
    /// The largest message of a client.
    package var maxMessageBytes = ByteCount.mebibytes(1)
    /// Messages that may wait for one client.
    package var messageBufferCap = 256
    /// Bytes that may wait for one client.
    package var messageBufferBytes = ByteCount.mebibytes(1)
    /// What fan-out does when a client's queue is full.
    package var slowClientPolicy = SlowClientPolicy.disconnect
    /// How often clients are pinged.
    package var pingInterval = Duration.seconds(25)
    /// How long a client may take to answer a ping.
    package var pongTimeout = Duration.seconds(10)
    /// Topics of one client.
    package var maxSubscriptionsPerClient = 1000
    /// Subscriptions of all clients of one address; 0 is no limit.
    package var maxSubscriptionsPerIp = 100_000
    /// Topics of one event loop.
    package var maxTopics = 1_000_000

    /// Starts with the defaults.
    package init() {}
}

/// What fan-out does with a message for a client whose queue is full.
package enum SlowClientPolicy: String, CaseIterable, Sendable {
    /// Closes the connection with 1013, try again later.
    case disconnect
    /// Makes room by dropping what has waited longest.
    case dropOldest = "drop_oldest"
    /// Drops the message itself.
    case dropNewest = "drop_newest"
}

/// Section `cluster`: the nodes' etcd.
package struct ClusterSection: Equatable, Sendable {
    /// Whether nodes join through etcd.
    package var enabled = false
    /// Section `cluster.etcd`: where etcd is.
    package var etcd = EtcdSection()

    /// Starts with the defaults.
    package init() {}
}

/// Section `cluster.etcd`: where etcd is and which keys belong to the hub.
package struct EtcdSection: Equatable, Sendable {
    /// The members' addresses.
    package var endpoints = ["http://etcd:2379"]
    /// How long a connection may take.
    package var dialTimeout = Duration.seconds(5)
    /// What the hub's keys begin with.
    package var keyPrefix = "/gohub"

    /// Starts with the defaults.
    package init() {}
}

/// Section `log`: what is logged and how.
package struct LogSection: Equatable, Sendable {
    /// The lowest level that is logged.
    package var level = LogLevel.info
    /// How lines look.
    package var format = LogStyle.auto

    /// Starts with the defaults.
    package init() {}
}

/// How log lines look.
package enum LogStyle: String, CaseIterable, Sendable {
    /// Text on a terminal, otherwise JSON.
    case auto
    /// Text.
    case text
    /// JSON, one object a line.
    case json
}
