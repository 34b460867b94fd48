// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Starting and stopping")
struct StopTests {
    @Test("stopping without a drain ends every connection, and leaves nobody listening", arguments: [1, 2])
    func stop(loops: Int) async throws {
        let server = try TestServer { $0.settings.loops = loops }
        let clients = try await server.clients(10)
        let idle = try await server.connect()
        _ = try await idle.get("/version")
        let waiting = try await server.connect()
        let blocker = Blocker()
        server.registry.onScrape { blocker.wait() }
        waiting.request("/metrics")
        try await blocker.arrival()
        try await Blocking.run { server.server.stop() }
        for client in clients { #expect(try await client.socket.rest().end == .closedThere) }
        #expect(try await idle.readToEnd().end == .closedThere)
        #expect(try await waiting.readToEnd().end == .closedThere)
        #expect(server.hub.clientCount == 0)
        #expect(server.server.addressCount == 0)
        await #expect(throws: PeerFault.self) { try await server.connect() }
        blocker.open()
        await server.stop()
    }

    /// Remembers its client, and does not keep it alive.
    private final class RememberingHandler: MessageHandler, @unchecked Sendable {
        /// Written on the server's only loop, read after its end.
        weak var client: Client?

        func handle(_ message: Message) throws(MessageError) { client = message.client }
    }

    @Test("a connection that stood at the stop is freed, though it and its worker hold each other")
    func frees() async throws {
        let handler = RememberingHandler()
        let server = try TestServer { $0.handlers["remember"] = handler }
        let client = try await server.client()
        _ = client.send("remember", "0")
        #expect(try await client.ask("ping", "0").type == "pong")
        #expect(handler.client != nil)
        try await Blocking.run { server.server.stop() }
        // The connection owns its client.
        #expect(handler.client == nil)
        await server.stop()
    }

    @Test("a server that was stopped can still be scraped, and does not wait for its loops")
    func scrapeAfterwards() async throws {
        let server = try TestServer()
        _ = try await server.client()
        _ = try await server.scrape()
        try await Blocking.run { server.server.stop() }
        let page = try await server.scrape()
        #expect(page.value(of: "gohub_connections_opened_total") == 1)
        await server.stop()
    }

    @Test("stopping in the middle of a drain ends it")
    func stopWhileDraining() async throws {
        let server = try TestServer()
        let client = try await server.client()
        server.server.drain {}
        #expect(try await client.socket.closeFrame().code == 1001)
        try await Blocking.run { server.server.stop() }
        #expect(try await client.socket.rest().end == .closedThere)
        await server.stop()
    }

    @Test("a port can be had again as soon as its server has stopped")
    func restart() async throws {
        let first = try TestServer()
        let client = try await first.client()
        let port = first.port
        await first.stop()
        _ = client
        try await withServer {
            $0.settings.address.port = port
        } _: { server in
            #expect(server.port == port)
            _ = try await server.client()
        }
    }

    @Test("a port that another server has is refused, and that one goes on")
    func busy() async throws {
        try await withServer { server in
            let fault = #expect(throws: LoopError.self) {
                _ = try TestServer { $0.settings.address.port = server.port }
            }
            #expect(fault?.code == .addressInUse)
            _ = try await server.client()
        }
    }

    @Test("an admin port that another server has is refused, and nothing listens on the other one")
    func busyAdmin() async throws {
        try await withServer { server in
            let fault = #expect(throws: LoopError.self) {
                _ = try TestServer { $0.settings.adminAddress = SocketAddress(host: "127.0.0.1", port: server.port) }
            }
            #expect(fault?.code == .addressInUse)
        }
    }

    @Test("more loops than a hub has shards are refused with what is possible")
    func tooManyLoops() {
        let fault = #expect(throws: LoopError.self) { _ = try TestServer { $0.settings.loops = 257 } }
        #expect(fault?.message.contains("1 to 256") == true)
    }

    @Test("when one loop has no thread, all of them end, and the address is free again")
    func noThread() async throws {
        let first = try TestServer()
        let port = first.port
        await first.stop()
        var settings = ServerSettings()
        settings.address = SocketAddress(host: "127.0.0.1", port: port)
        settings.loops = 3
        let server = try Server(
            settings: settings,
            hub: Hub(settings: HubSettings(), environment: .system),
            receiver: Dispatcher(
                welcome: Dispatcher.Welcome(version: "1", pingIntervalMilliseconds: 1, maxMessageBytes: 1)
            ),
            registry: Registry(),
            log: Logger(sink: MemorySink())
        )
        // It has a thread already, so that it can be given none.
        try server.loops[1].start(name: "taken")
        #expect(throws: LoopError.self) { try server.start() }
        for loop in server.loops {
            #expect(loop.systemThread == nil)
            #expect(!loop.post {})
        }
        try await withServer {
            $0.settings.address.port = port
        } _: { server in
            _ = try await server.client()
        }
    }

    @Test("two servers in one process know nothing of each other")
    func two() async throws {
        try await withServer { one in
            try await withServer { other in
                let here = try await one.client()
                let there = try await other.client()
                try await here.subscribe("news")
                try await there.subscribe("news")
                there.publish("1", to: "news")
                #expect(try await there.payload() == .number(1))
                #expect(
                    try await here.ask("unicast", #"{"client_id":"\#(there.id)","payload":1}"#).errorCode
                        == "client_not_found"
                )
                here.publish("2", to: "news")
                #expect(try await here.payload() == .number(2))
                #expect(try await one.scrape().value(of: "gohub_connections_opened_total") == 1)
                async let drained: Void = other.drain()
                #expect(try await there.socket.closeFrame().code == 1001)
                there.socket.sendClose(1001)
                await drained
                #expect(try await here.ask("ping", "1").type == "pong")
                #expect(one.server.state == .ready)
                #expect(other.server.state == .draining)
            }
            _ = try await one.client()
        }
    }
}
