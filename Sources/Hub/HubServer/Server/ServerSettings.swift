// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
package import HubLoop
package import HubWire

/// What the server listens on and what it allows a connection.
package struct ServerSettings: Sendable {
    /// The most loops that a node can run, on however many cores.
    package static let mostLoops = Hub.mostShards

    /// Where clients connect.
    package var address = SocketAddress(host: "", port: 8080)
    /// Where operators connect; nil serves everything at ``address``.
    package var adminAddress: SocketAddress?
    /// How many loops, 1 to ``mostLoops``; one for each core is best.
    package var loops = 1
    /// How long a connection may be silent: no byte at all, not even a pong.
    package var readTimeout: Duration = .seconds(180)
    /// How long a socket may take no byte of what waits for it.
    package var writeTimeout: Duration = .seconds(180)
    /// How long a message may take from its first byte to its last; looked at with every ping.
    package var messageTimeout: Duration = .seconds(120)
    /// How long a request head may take, from the connection on, or from its first byte when it is not the first one.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a request body may take, from its head on.
    package var bodyTimeout: Duration = .seconds(30)
    /// How long a connection may wait between requests.
    package var keepAliveTimeout: Duration = .seconds(75)
    /// How long the other side of a close handshake may take.
    package var closeTimeout: Duration = .seconds(5)
    /// How long clients are still taken after a drain has begun, so that balancers see it first that the node is not ready.
    package var drainDelay: Duration = .zero
    /// How long a drain may take, the delay not included.
    package var drainTimeout: Duration = .seconds(20)
    /// The longest request head in bytes.
    package var maxHeadBytes = 16 * 1024
    /// How many bytes of request bodies may be in memory, of all connections; an address may have a quarter of them.
    ///
    /// The largest body that a route takes fits in any case.
    package var bodyBufferBytes = 64 << 20
    /// How many connections clients may have open, WebSockets and others.
    package var maxConnections = 100_000
    /// How many connections one IP address may have open, WebSockets and others; 0 is no limit.
    package var maxConnectionsPerIP = 1_000
    /// How many subscriptions all clients of one IP address may have; 0 is no limit.
    package var maxSubscriptionsPerIP = 100_000
    /// How many connections operators may have open at a listener of their own; they do not count among the others.
    package var maxOperatorConnections = 64
    /// The descriptor from which on clients are turned away, so that those above are left for operators.
    package var clientDescriptors = Int32.max
    /// How long a loop may give no sign of life before the process counts as dead.
    package var loopPatience: Duration = .seconds(30)
    /// How long a loop may give no sign of life before the node counts as not ready; at least a second.
    package var readyPatience: Duration = .seconds(2)
    /// How many scrapes one address may leave untaken; sixteen times as many pages may be in memory.
    package var maxConcurrentScrapes = 4
    /// Which pages of browsers may connect.
    package var origins = OriginPolicy()
    /// How often a client is pinged.
    package var pingInterval: Duration = .seconds(25)
    /// How long its pong may take.
    package var pongTimeout: Duration = .seconds(10)
    /// The longest message in bytes.
    package var maxMessageBytes = 1 << 20
    /// The path of the WebSocket: the program's own text, as that of every ``Route``.
    package var path = "/ws"
    /// The subprotocols that are accepted; asking for none is accepted too.
    package var subprotocols: [String] = []
    /// The version that `/version` tells.
    package var version = "0"
    /// The revision of the source that `/version` tells.
    package var revision = "unknown"

    /// The defaults.
    package init() {}
}
