// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Upgrades")
struct UpgradeTests {
    @Test(
        "the subprotocol that the hub speaks is chosen and told",
        arguments: [
            ["gohub.v1.json"], ["mqtt", "gohub.v1.json"], ["gohub.v1.json", "gohub.v2.json"],
        ]
    )
    func subprotocol(offered: [String]) async throws {
        try await withServer { server in
            let socket = try await server.webSocket(subprotocols: offered)
            #expect(socket.handshake.headers.values("sec-websocket-protocol") == ["gohub.v1.json"])
            #expect(socket.handshake.headers["sec-websocket-extensions"] == nil)
        }
    }

    @Test("a client that asks for no subprotocol is told none")
    func noSubprotocol() async throws {
        try await withServer { server in
            let socket = try await server.webSocket(subprotocols: [])
            #expect(socket.handshake.headers["sec-websocket-protocol"] == nil)
            _ = try await HubPeer(socket)
        }
    }

    @Test("a server without subprotocols takes any and tells none")
    func anySubprotocol() async throws {
        try await withServer {
            $0.settings.subprotocols = []
        } _: { server in
            let socket = try await server.webSocket(subprotocols: ["mqtt"])
            #expect(socket.handshake.headers["sec-websocket-protocol"] == nil)
        }
    }

    @Test(
        "a client that wants only subprotocols unknown to the hub is refused",
        arguments: [["mqtt"], ["a", "GOHUB.v1.json"]]
    )
    func unknownSubprotocol(offered: [String]) async throws {
        try await withServer { server in
            let reply = try await server.get(
                "/ws",
                headers: upgradeFields + [("Sec-WebSocket-Protocol", offered.joined(separator: ", "))]
            )
            #expect(reply.status == 400)
            #expect(reply.text.contains("gohub.v1.json"))
            #expect(try await server.rejected(.badHandshake) == 1)
        }
    }

    @Test("the welcome says who and where the client is and what holds")
    func welcome() async throws {
        try await withServer {
            $0.hub.nodeID = "node-7"
            $0.settings.maxMessageBytes = 4096
            $0.settings.pingInterval = .seconds(11)
        } _: { server in
            let client = try await server.client()
            #expect(client.id.count == 36)
            #expect(client.welcome.data["node_id"] == .string("node-7"))
            #expect(client.welcome.data["version"] == .string("1.2.3"))
            #expect(client.welcome.data["ping_interval_ms"] == .number(11_000))
            #expect(client.welcome.data["max_message_bytes"] == .number(4096))
            #expect(try await server.client().id != client.id)
        }
    }

    @Test("frames right behind the request, in the same packet, are handled")
    func framesBehind() async throws {
        try await withServer { server in
            let message = #"{"message_id":7,"message_type":"ping","data":[1]}"#
            var frames: [UInt8] = []
            for opcode in [WebSocketOpcode.text, .ping] {
                Array(message.utf8).withUnsafeBytes {
                    WebSocketFrame.append(opcode, $0, mask: 0x0102_0304, to: &frames)
                }
            }
            let socket = try await server.webSocket(behind: frames)
            let client = try await HubPeer(socket)
            #expect(try await client.next { $0.type == "pong" ? $0.id : nil } == 7)
            #expect(try await socket.next() == .pong(Array(message.utf8)))
        }
    }

    @Test("half a frame behind the request is continued by what comes later")
    func halfAFrameBehind() async throws {
        try await withServer { server in
            let message = Array(#"{"message_id":7,"message_type":"ping","data":1}"#.utf8)
            var frame: [UInt8] = []
            message.withUnsafeBytes { WebSocketFrame.append(.text, $0, mask: 0x0102_0304, to: &frame) }
            let socket = try await server.webSocket(behind: Array(frame[..<9]))
            let client = try await HubPeer(socket)
            socket.peer.send(Array(frame[9...]))
            #expect(try await client.next { $0.type == "pong" ? $0.id : nil } == 7)
        }
    }

    @Test("a close frame right behind the request is answered")
    func closeBehind() async throws {
        try await withServer { server in
            var frame: [UInt8] = []
            WebSocketFrame.appendClose(code: 1000, mask: 1, to: &frame)
            let socket = try await server.webSocket(behind: frame)
            #expect(try await socket.closeFrame().code == 1000)
            #expect(try await socket.rest().end == .closedThere)
            try await server.expectClosed("normal")
        }
    }

    @Test("a fault right behind the request ends the WebSocket")
    func faultBehind() async throws {
        try await withServer { server in
            let socket = try await server.webSocket(behind: [0x81, 0x00])
            #expect(try await socket.closeFrame().code == 1002)
        }
    }

    @Test("how long handshakes took is counted by how they ended")
    func durations() async throws {
        try await withServer { server in
            let clients = try await server.clients(3)
            _ = try await server.get("/ws")
            let page = try await server.scrape()
            #expect(page.histogram(of: "gohub_handshake_duration_seconds", ["result": "ok"])?.count == 3)
            #expect(page.histogram(of: "gohub_handshake_duration_seconds", ["result": "rejected"])?.count == 1)
            #expect(
                page.value(of: "gohub_http_requests_total", ["route": "/ws", "method": "GET", "status": "1xx"]) == 3
            )
            #expect(
                page.value(of: "gohub_http_requests_total", ["route": "/ws", "method": "GET", "status": "4xx"]) == 1
            )
            #expect(page.value(of: "gohub_connections") == 3)
            _ = clients
        }
    }
}
