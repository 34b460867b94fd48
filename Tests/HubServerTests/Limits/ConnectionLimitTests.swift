// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Limits of connections")
struct ConnectionLimitTests {
    /// Opens connections that are no WebSockets and stay.
    private func park(_ server: TestServer, _ count: Int, from source: String? = nil) async throws -> [Peer] {
        var peers: [Peer] = []
        for _ in 0..<count {
            let peer = try await server.connect(from: source)
            #expect(try await peer.get("/version").status == 200)
            peers.append(peer)
        }
        return peers
    }

    @Test("whatever an address opens counts, WebSockets or not; others do not suffer from it", arguments: [1, 2])
    func address(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
            $0.settings.maxConnections = 8
            $0.settings.maxConnectionsPerIP = 5
        } _: { server in
            let parked = try await park(server, 5, from: "127.0.0.1")
            for _ in 0..<10 {
                let reply = try await server.connect(from: "127.0.0.1").get("/ws", headers: upgradeFields)
                #expect(reply.status == 503)
                #expect(reply["retry-after"] == "5")
                #expect(reply["connection"] == "close")
            }
            let client = try await server.client(from: "127.0.0.2")
            #expect(try await client.ask("ping", "1").type == "pong")
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_connections_rejected_total", ["reason": "ip_limit"]) == 10)
            #expect(page.sum(of: "gohub_connections_rejected_total") == 10)
            #expect(page.value(of: "gohub_connections_peak") == 1)
            parked.forEach { $0.close() }
            _ = try await eventually("free places") { try? await server.client(from: "127.0.0.1") }
        }
    }

    @Test("a node that is full tells of its health, and refuses the rest")
    func health() async throws {
        try await withServer {
            $0.settings.maxConnections = 3
        } _: { server in
            let parked = try await park(server, 3)
            for path in ["/livez", "/readyz", "/healthz"] {
                let reply = try await server.get(path)
                #expect(reply.status == 200)
                #expect(reply["connection"] == "close")
            }
            for path in ["/metrics", "/version", "/", "/nothing"] {
                #expect(try await server.get(path).status == 503)
            }
            let page = try await server.scrape()
            #expect(page.sum(of: "gohub_connections_rejected_total") == 4)
            #expect(page.value(of: "gohub_connections_rejected_total", ["reason": "node_limit"]) == 4)
            #expect(page.value(of: "gohub_connection_limit") == 3)
            _ = parked
        }
    }

    @Test("those that are beyond a limit and say nothing are few, and are told so as well")
    func silent() async throws {
        try await withServer {
            $0.settings.maxConnections = 1
        } _: { server in
            let parked = try await park(server, 1)
            var peers: [Peer] = []
            for _ in 0..<40 { peers.append(try await server.connect()) }
            try await server.eventually("all that came") { $0.accepted == 41 }
            #expect(await server.snapshot().httpConnections <= 5)
            for peer in peers {
                #expect(try await peer.reply().status == 503)
                #expect(try await peer.readToEnd().end == .closedThere)
            }
            try await server.eventually("their end") { $0.httpConnections == 1 }
            #expect(try await server.rejected(.nodeLimit) == 40)
            #expect(try await server.rejected(.silent) == 0)
            _ = parked
        }
    }

    @Test("a connection beyond a limit that goes without a word counts as turned away")
    func gone() async throws {
        try await withServer {
            $0.settings.maxConnections = 1
        } _: { server in
            let parked = try await park(server, 1)
            let peer = try await server.connect()
            try await server.eventually("the connection") { $0.accepted == 2 }
            peer.close()
            try await server.eventually("its end") { $0.httpConnections == 1 }
            #expect(try await server.rejected(.nodeLimit) == 1)
            _ = parked
        }
    }

    @Test("operators with a listener of their own have places of their own, and so many")
    func operators() async throws {
        try await withServer {
            $0.hasAdminListener = true
            $0.settings.maxConnections = 2
            $0.settings.maxConnectionsPerIP = 1
            $0.settings.maxOperatorConnections = 3
        } _: { server in
            let client = try await server.client(from: "127.0.0.1")
            #expect(try await server.connect(from: "127.0.0.1").get("/ws").status == 503)
            var operators: [Peer] = []
            for _ in 0..<3 {
                let peer = try await server.connect(toAdmin: true)
                #expect(try await peer.get("/readyz").status == 200)
                operators.append(peer)
            }
            #expect(try await server.connect(toAdmin: true).reply().status == 503)
            operators.removeLast().close()
            _ = try await eventually("a free place") {
                try await server.get("/livez", fromAdmin: true).status == 200 ? true : nil
            }
            _ = (client, operators)
        }
    }

    @Test("clients do not get the descriptors that are left for operators")
    func descriptors() async throws {
        try await withServer {
            $0.hasAdminListener = true
            $0.settings.clientDescriptors = 0
        } _: { server in
            for _ in 0..<5 {
                let peer = try await server.connect()
                #expect(try await peer.reply().status == 503)
                #expect(try await peer.readToEnd().end == .closedThere)
            }
            #expect(try await server.get("/readyz", fromAdmin: true).status == 200)
            #expect(try await server.rejected(.nodeLimit) == 5)
        }
    }
}
