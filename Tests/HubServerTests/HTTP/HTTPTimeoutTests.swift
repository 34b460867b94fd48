// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubServer
import HubTesting
import Testing

@Suite("Time-outs of HTTP connections")
struct HTTPTimeoutTests {
    @Test("a head that does not come whole in time is refused with 408")
    func slowHead() async throws {
        try await withServer {
            $0.settings.headerTimeout = .milliseconds(100)
        } _: { server in
            let peer = try await server.connect(sending: "GET /version HTTP/1.1\r\nHost:")
            let reply = try await peer.reply()
            #expect(reply.status == 408)
            #expect(reply["connection"] == "close")
            #expect(try await peer.readToEnd().bytes.isEmpty)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_connections_rejected_total", ["reason": "header_timeout"]) == 1)
            #expect(page.sum(of: "gohub_http_requests_total", where: ["route": "other", "status": "4xx"]) == 1)
            #expect(page.sum(of: "gohub_http_requests_total") == 1)
        }
    }

    @Test("a connection that says nothing at all is closed without a word")
    func silent() async throws {
        try await withServer {
            $0.settings.headerTimeout = .milliseconds(100)
        } _: { server in
            let rest = try await server.connect().readToEnd()
            #expect(rest.bytes.isEmpty)
            #expect(rest.end == .closedThere)
            #expect(try await server.rejected(.silent) == 1)
            #expect(try await server.rejected(.headerTimeout) == 0)
        }
    }

    @Test("a connection that brings no further request is closed without a word")
    func keepAlive() async throws {
        try await withServer {
            $0.settings.keepAliveTimeout = .milliseconds(100)
        } _: { server in
            let peer = try await server.connect()
            #expect(try await peer.get("/version").status == 200)
            let rest = try await peer.readToEnd()
            #expect(rest.bytes.isEmpty)
            #expect(rest.end == .closedThere)
            #expect(try await server.rejected(.headerTimeout) == 0)
            #expect(try await server.rejected(.silent) == 0)
        }
    }

    @Test("the head of a further request has the time of a head, not what is left of the waiting")
    func lateHead() async throws {
        try await withServer {
            $0.settings.keepAliveTimeout = .milliseconds(300)
        } _: { server in
            let peer = try await openWithHalfAHead(server)
            // Longer than the connection might have waited for a request.
            let witness = try await server.connect(sending: "GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await witness.reply().status == 200)
            _ = try await witness.readToEnd()
            peer.send("Host: a\r\n\r\n")
            #expect(try await peer.reply().status == 200)
        }
    }

    /// A connection on which half a head came some time behind an answer; on a slow machine not at the first try.
    private func openWithHalfAHead(_ server: TestServer) async throws -> Peer {
        try await eventually("half a head in time") {
            let peer = try await server.connect(sending: "GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await peer.reply()
            let before = await server.snapshot().bytesRead
            peer.send("GET /version HTTP/1.1\r\n")
            return try await eventually("half a head, or an end") {
                if peer.end != nil { return .some(nil) }
                return await server.snapshot().bytesRead > before ? .some(peer) : nil
            }
        }
    }

    @Test("the head of a further request that stops midway is refused with 408")
    func lateHeadStops() async throws {
        try await withServer {
            $0.settings.headerTimeout = .milliseconds(100)
        } _: { server in
            let peer = try await server.connect(sending: "GET /version HTTP/1.1\r\nHost: a\r\n\r\nGET /vers")
            #expect(try await peer.reply().status == 200)
            #expect(try await peer.reply().status == 408)
            #expect(try await server.rejected(.headerTimeout) == 1)
        }
    }

    @Test("an answer that is awaited long is no fault of the client's")
    func slowAnswer() async throws {
        try await withServer {
            $0.settings.headerTimeout = .milliseconds(50)
            $0.settings.keepAliveTimeout = .milliseconds(300)
        } _: { server in
            let blocker = Blocker()
            server.registry.onScrape { blocker.wait() }
            let peer = try await server.connect(
                sending: "GET /metrics HTTP/1.1\r\nHost: a\r\n\(patient.0): \(patient.1)\r\n\r\n"
            )
            try await blocker.arrival()
            // Two connections after each other have been closed for their silence meanwhile.
            for _ in 0..<2 { _ = try await server.connect().readToEnd() }
            blocker.open()
            #expect(try await peer.reply().status == 200)
        }
    }

    @Test("a client that does not take its answer is let go")
    func stalled() async throws {
        try await withServer {
            $0.settings.writeTimeout = .milliseconds(200)
        } _: { server in
            let peer = try await server.connect(receiveBuffer: 4096)
            peer.stall()
            // More than the kernel's buffers hold.
            peer.send(String(repeating: "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", count: 500))
            try await server.eventually("the end") { $0.accepted == 1 && $0.httpConnections == 0 }
        }
    }
}
