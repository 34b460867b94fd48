// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubCore
package import HubLog
package import HubLoop
package import HubMetrics
package import HubServer
import HubWire

/// A server of this process on free ports of 127.0.0.1, with everything that a test looks at.
package final class TestServer: Sendable {
    /// What a test may change before the start.
    package struct Options: Sendable {
        package var settings = ServerSettings()
        package var hub = HubSettings()
        /// Handlers of message types that the protocol does not have.
        package var handlers: [String: any MessageHandler] = [:]
        package var checks: [HealthCheck: @Sendable () -> Bool] = [:]
        /// Routes beside the server's own.
        package var routes: [Route] = []
        /// The time of the server and its hub, for a test to move; the machine's if there is none.
        package var clock: VirtualClock?
        /// From which lateness on a jump of the clock counts as time in which the process was stopped.
        package var gap: Duration = .seconds(1_000_000)
        /// Whether the node sends canaries to itself.
        package var hasCanary = false
        /// Whether operators have a listener of their own.
        package var hasAdminListener = false

        init() {
            settings.address = SocketAddress(host: "127.0.0.1", port: 0)
            settings.loops = 1
            settings.version = "1.2.3"
            settings.subprotocols = ["gohub.v1.json"]
            // What a test is not about must not happen in it, however slow the machine is.
            settings.headerTimeout = .seconds(3600)
            settings.bodyTimeout = .seconds(3600)
            settings.keepAliveTimeout = .seconds(3600)
            settings.readTimeout = .seconds(3600)
            settings.writeTimeout = .seconds(3600)
            settings.messageTimeout = .seconds(3600)
            settings.closeTimeout = .seconds(3600)
            settings.drainTimeout = .seconds(3600)
            settings.pingInterval = .seconds(3600)
            settings.pongTimeout = .seconds(3600)
            settings.readyPatience = .seconds(3600)
        }
    }

    package let options: Options
    package let server: Server
    package let hub: Hub
    package let registry = Registry()
    package let sink = MemorySink()
    package let peers: PeerLoop
    private let endpoints: Server.Endpoints

    /// Starts a server; end it with ``stop()``, whatever happens.
    package init(_ change: (inout Options) -> Void = { _ in }) throws(LoopError) {
        var options = Options()
        change(&options)
        if options.hasAdminListener { options.settings.adminAddress = SocketAddress(host: "127.0.0.1", port: 0) }
        self.options = options
        var environment = HubEnvironment.system
        if let clock = options.clock { environment.monotonicNanoseconds = { clock.now().nanoseconds } }
        hub = Hub(settings: options.hub, environment: environment)
        let welcome = Dispatcher.Welcome(
            version: options.settings.version,
            pingIntervalMilliseconds: Int64(options.settings.pingInterval / .milliseconds(1)),
            maxMessageBytes: options.settings.maxMessageBytes
        )
        server = try Server(
            settings: options.settings,
            hub: hub,
            receiver: Dispatcher(welcome: welcome, handlers: options.handlers),
            registry: registry,
            log: Logger(level: .debug, format: .text, sink: sink),
            checks: options.checks,
            routes: options.routes,
            canary: options.hasCanary ? CanaryMetrics(registry, hasBus: false) : nil,
            clock: options.clock ?? SystemClock()
        )
        for loop in server.loops where options.clock != nil {
            loop.gap = options.gap
            options.clock?.wakes(loop)
        }
        peers = try PeerLoop()
        do throws(LoopError) {
            endpoints = try server.start()
        } catch {
            peers.stop()
            throw error
        }
    }

    /// Where clients connect.
    package var port: Int { endpoints.address.port }
    /// Where operators connect.
    package var adminPort: Int { endpoints.adminAddress.port }

    /// Ends the server and the peers without a drain, and waits for their threads; later calls change nothing.
    package func stop() async {
        try? await Blocking.run { [server, peers] in
            server.stop()
            peers.stop()
        }
    }

    /// Drains, and returns when no client is left; the loops go on.
    package func drain() async {
        await withCheckedContinuation { continuation in server.drain { continuation.resume() } }
    }

    // MARK: Connecting

    /// Opens a connection.
    ///
    /// - Parameter first: What is sent as soon as there is a connection, so that the shortest of time-outs cannot pass before.
    package func connect(
        toAdmin: Bool = false,
        from source: String? = nil,
        receiveBuffer: Int? = nil,
        sending first: String = ""
    ) async throws(PeerFault) -> Peer {
        try await Peer.connect(
            peers,
            port: toAdmin ? adminPort : port,
            from: source,
            receiveBuffer: receiveBuffer,
            sending: Array(first.utf8)
        )
    }

    /// Opens a WebSocket.
    ///
    /// - Parameter behind: Bytes that go out in one packet with the upgrade request.
    package func webSocket(
        subprotocols: [String] = ["gohub.v1.json"],
        headers: [(String, String)] = [],
        from source: String? = nil,
        receiveBuffer: Int? = nil,
        behind: [UInt8] = []
    ) async throws(PeerFault) -> WebSocketPeer {
        let peer = try await connect(from: source, receiveBuffer: receiveBuffer)
        let request = WebSocketClientHandshake(subprotocols: subprotocols)
        peer.send(request.request(target: options.settings.path, host: "hub.example.org", headers: headers) + behind)
        return try await WebSocketPeer(peer, request)
    }

    /// Opens a WebSocket and waits for the welcome.
    package func client(from source: String? = nil, receiveBuffer: Int? = nil) async throws(PeerFault) -> HubPeer {
        try await HubPeer(webSocket(from: source, receiveBuffer: receiveBuffer))
    }

    /// Opens several, one after the other.
    package func clients(_ count: Int) async throws(PeerFault) -> [HubPeer] {
        var clients: [HubPeer] = []
        for _ in 0..<count { clients.append(try await client()) }
        return clients
    }

    /// Sends one request over a connection of its own.
    package func get(
        _ target: String,
        method: String = "GET",
        headers: [(String, String)] = [],
        fromAdmin: Bool = false
    ) async throws(PeerFault) -> HTTPReply {
        let peer = try await connect(toAdmin: fromAdmin)
        return try await peer.get(target, method: method, headers: headers)
    }
}
