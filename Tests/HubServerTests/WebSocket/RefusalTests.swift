// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Refused upgrades")
struct RefusalTests {
    private static let origins =
        (try? OriginPolicy(allowed: ["https://app.example.org", "*.example.com"])) ?? OriginPolicy()

    /// Asks for a WebSocket and returns the answer, whatever it is.
    private func ask(
        _ server: TestServer,
        origin: String? = nil,
        from source: String? = nil
    ) async throws -> HTTPReply {
        let peer = try await server.connect(from: source)
        return try await peer.get("/ws", headers: upgradeFields + (origin.map { [("Origin", $0)] } ?? []))
    }

    @Test(
        "a page of another host is refused with 403",
        arguments: [
            "https://evil.example.org", "null", "http://hub.example.org:8080", "https://app.example.org.evil.net",
            "nonsense",
            "https://example.com",
        ]
    )
    func origin(origin: String) async throws {
        try await withServer {
            $0.settings.origins = Self.origins
        } _: { server in
            let reply = try await ask(server, origin: origin)
            #expect(reply.status == 403)
            #expect(reply["connection"] == "close")
            #expect(reply.text.contains("server.allowed_origins"))
            #expect(try await server.rejected(.origin) == 1)
            let record = try #require(server.sink.records.first { $0.level == .warning })
            #expect(record.message == "a page's origin was refused")
            let fields = Dictionary(uniqueKeysWithValues: record.fields.map { ("\($0.key)", $0.value) })
            #expect(fields["origin"] == .string(origin))
            #expect(fields["host"] == .string("hub.example.org"))
            guard case .string(let peer)? = fields["peer"], case .string(let advice)? = fields["advice"] else {
                Issue.record("no peer or no advice: \(fields)")
                return
            }
            #expect(peer.hasPrefix("127.0.0.1:"))
            #expect(advice == OriginPolicy.advice(origin: origin, host: "hub.example.org"))
        }
    }

    @Test("refused pages that come by the hundred are a line a second in the log, and each is counted")
    func manyOrigins() async throws {
        try await withServer { server in
            for _ in 0..<100 {
                let reply = try await ask(server, origin: "https://evil.example.net")
                #expect(reply.status == 403)
            }
            #expect(try await server.rejected(.origin) == 100)
            let lines = server.sink.records.filter { $0.level == .warning }
            #expect((1...60).contains(lines.count))
        }
    }

    @Test("null, files and every page may connect when the operator says so", arguments: ["null", "file://", "*"])
    func openOrigins(entry: String) async throws {
        let policy = try OriginPolicy(allowed: [entry])
        try await withServer {
            $0.settings.origins = policy
        } _: { server in
            for origin in ["null", "file://", "https://a.example.net"] {
                let isAllowed = entry == "*" || entry == origin
                let reply = try await ask(server, origin: origin)
                #expect(reply.status == (isAllowed ? 101 : 403), "\(origin)")
            }
        }
    }

    @Test(
        "pages of the same host and of the list may connect",
        arguments: [
            "http://hub.example.org", "https://app.example.org", "https://a.example.com", "http://a.b.example.com:99",
        ]
    )
    func allowedOrigin(origin: String) async throws {
        try await withServer {
            $0.settings.origins = Self.origins
        } _: { server in
            let socket = try await server.webSocket(headers: [("Origin", origin)])
            _ = try await HubPeer(socket)
            #expect(try await server.rejected(.origin) == 0)
        }
    }

    @Test("more connections than the node takes are refused with 503 until one has left", arguments: [1, 2])
    func nodeLimit(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
            $0.settings.maxConnections = 2
        } _: { server in
            var clients = try await server.clients(2)
            for _ in 0..<3 {
                let reply = try await ask(server)
                #expect(reply.status == 503)
                #expect(reply["retry-after"] == "5")
                #expect(reply["connection"] == "close")
            }
            #expect(try await server.rejected(.nodeLimit) == 3)
            clients.removeLast()
            try await server.eventually("a free place") { $0.webSockets == 1 }
            clients.append(try await server.client())
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_connection_limit") == 2)
            #expect(page.value(of: "gohub_connections_peak") == 2)
            #expect(page.value(of: "gohub_connections_opened_total") == 3)
        }
    }

    @Test("more connections of one address than it may have are refused with 503, those of others are not")
    func addressLimit() async throws {
        try await withServer {
            $0.settings.maxConnectionsPerIP = 1
        } _: { server in
            var client: HubPeer? = try await server.client(from: "127.0.0.1")
            let reply = try await ask(server, from: "127.0.0.1")
            #expect(reply.status == 503)
            #expect(reply["retry-after"] == "5")
            #expect(try await server.rejected(.ipLimit) == 1)
            let other = try await server.client(from: "127.0.0.2")
            #expect(server.server.addressCount == 2)
            client = nil
            _ = try await eventually("a free place") { server.server.addressCount == 1 ? true : nil }
            client = try await server.client(from: "127.0.0.1")
            _ = (client, other)
        }
    }

    @Test("no limit of an address is none")
    func noAddressLimit() async throws {
        try await withServer {
            $0.settings.maxConnectionsPerIP = 0
        } _: { server in
            let clients = try await server.clients(5)
            #expect(try await server.rejected(.ipLimit) == 0)
            _ = clients
        }
    }

    @Test("a place that a refused client did not get is free for the next")
    func refusalTakesNoPlace() async throws {
        try await withServer {
            $0.settings.maxConnections = 1
        } _: { server in
            for _ in 0..<5 {
                #expect(try await ask(server, origin: "https://evil.example.org").status == 403)
                try await server.eventually("its end") { $0.httpConnections == 0 }
                #expect(try await server.get("/ws").status == 426)
                try await server.eventually("its end") { $0.httpConnections == 0 }
            }
            _ = try await server.client()
        }
    }

    @Test("while the hub drains, an open connection is refused its upgrade with 503")
    func draining() async throws {
        try await withServer { server in
            let client = try await server.client()
            let peer = try await server.connect()
            #expect(try await peer.get("/version").status == 200)
            server.server.drain {}
            let reply = try await peer.get("/ws", headers: upgradeFields)
            #expect(reply.status == 503)
            #expect(reply["retry-after"] == "5")
            #expect(try await server.rejected(.draining) == 1)
            client.socket.peer.close()
        }
    }

    @Test("a refused client may not send frames in the hope that they count")
    func framesBehindRefusal() async throws {
        try await withServer {
            $0.settings.maxConnections = 1
        } _: { server in
            let client = try await server.client()
            let socket = client.socket
            let peer = try await server.connect()
            peer.request("/ws", headers: upgradeFields)
            peer.send(
                socket.frame(.text, Array(#"{"message_id":1,"message_type":"broadcast","data":{"payload":1}}"#.utf8))
            )
            #expect(try await peer.reply().status == 503)
            #expect(try await peer.readToEnd().bytes.isEmpty)
            #expect(try await server.scrape().sum(of: "gohub_messages_received_total") == 0)
        }
    }
}
