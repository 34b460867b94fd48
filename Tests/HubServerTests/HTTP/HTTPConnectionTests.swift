// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("HTTP connections")
struct HTTPConnectionTests {
    @Test("one connection serves many requests")
    func keepAlive() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            for path in ["/version", "/nothing", "/metrics", "/livez", "/metrics", "/version"] {
                let reply = try await peer.get(path, headers: [patient])
                #expect(reply.status == (path == "/nothing" ? 404 : 200))
                #expect(reply["connection"] == "keep-alive")
            }
            let page = try await server.scrape()
            #expect(page.sum(of: "gohub_http_requests_total") == 6)
            #expect(page.value(of: "gohub_http_connections") == 1)
            #expect(page.histogram(of: "gohub_http_request_duration_seconds", ["route": "/metrics"])?.count == 2)
        }
    }

    @Test("requests in one packet are answered in their order, those that take long too")
    func pipelined() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            let paths = ["/version", "/metrics", "/nothing", "/metrics", "/livez"]
            peer.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\(patient.0): \(patient.1)\r\n\r\n" }.joined())
            for path in paths {
                let reply = try await peer.reply()
                #expect(reply.status == (path == "/nothing" ? 404 : 200))
                #expect(reply.text.contains("gohub_state") == (path == "/metrics"))
                #expect(
                    (try? JSONTree(parsing: reply.body)["checks"]?["loops"] != nil)
                        == (path == "/livez" ? true : path == "/version" ? false : nil)
                )
            }
        }
    }

    @Test("as many requests as a socket holds are answered in one tick")
    func manyPipelined() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            let count = 20_000
            peer.send(String(repeating: "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
            for _ in 0..<count { #expect(try await peer.reply().status == 404) }
        }
    }

    @Test("twenty that pipeline without a pause keep nobody waiting for longer than a few ticks")
    func pipelinedByMany() async throws {
        try await withServer { server in
            let other = try await server.connect()
            let count = 2_000
            var busy: [Peer] = []
            for _ in 0..<20 {
                let peer = try await server.connect()
                peer.send(String(repeating: "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
                busy.append(peer)
            }
            /// How many requests of the twenty were answered.
            func answered() async -> UInt64 { await server.snapshot().requests(.unknown, .get, .clientError) }
            try await server.eventually("their first answers") { $0.requests(.unknown, .get, .clientError) > 0 }
            for _ in 0..<3 {
                let before = await answered()
                #expect(try await other.get("/readyz").status == 200)
                // A turn of each is a read of 8 KiB, some two hundred requests.
                #expect(await answered() - before < 20 * 200 * 4)
            }
            for peer in busy { peer.reset() }
        }
    }

    @Test("requests that come while a slow answer is awaited are kept, however many")
    func manyBehindASlowOne() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            let count = 5_000
            peer.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\(patient.0): \(patient.1)\r\n\r\n")
            peer.send(String(repeating: "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
            #expect(try await peer.reply().status == 200)
            for _ in 0..<count { #expect(try await peer.reply().status == 404) }
        }
    }

    @Test("a head may come in pieces")
    func pieces() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            var sent: UInt64 = 0
            for piece in ["G", "ET /ver", "sion HTTP/1.1\r", "\nHost: a\r\n\r", "\n"] {
                peer.send(piece)
                sent += UInt64(piece.utf8.count)
                try await server.eventually("the piece") { $0.bytesRead == sent }
            }
            #expect(try await peer.reply().status == 200)
        }
    }

    @Test(
        "the connection ends behind the answer when the client wants it so",
        arguments: [
            "GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET /version HTTP/1.0\r\n\r\n",
            "GET /metrics HTTP/1.0\r\nX-Prometheus-Scrape-Timeout-Seconds: 600\r\n\r\n",
        ]
    )
    func close(request: String) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.send(request)
            let reply = try await peer.reply()
            #expect(reply.status == 200)
            #expect(reply["connection"] == "close")
            let rest = try await peer.readToEnd()
            #expect(rest.bytes.isEmpty)
            #expect(rest.end == .closedThere)
        }
    }

    @Test("HTTP/1.0 with keep-alive is kept")
    func keepAliveOld() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            for _ in 0..<2 {
                peer.send("GET /version HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(try await peer.reply()["connection"] == "keep-alive")
            }
        }
    }

    @Test(
        "a body is refused with 413 and the connection ends",
        arguments: ["GET /version", "GET /metrics", "HEAD /livez"]
    )
    func body(request: String) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            let body = String(repeating: "GET /version HTTP/1.1\r\nHost: a\r\n\r\n", count: 100)
            peer.send("\(request) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let reply = try await peer.reply(isHead: request.hasPrefix("HEAD"))
            #expect(reply.status == 413)
            #expect(reply["connection"] == "close")
            // The body is not taken for requests.
            #expect(try await peer.readToEnd().bytes.isEmpty)
            #expect(try await server.scrape().sum(of: "gohub_http_requests_total", where: ["status": "4xx"]) == 1)
        }
    }

    @Test("a length of zero is no body")
    func emptyBody() async throws {
        try await withServer { server in
            let reply = try await server.get("/version", headers: [("Content-Length", "0")])
            #expect(reply.status == 200)
            #expect(reply["connection"] == "keep-alive")
        }
    }

    @Test("a body where nothing is ends the connection too", arguments: ["/nothing", "/version"])
    func bodyOfRefused(path: String) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
            #expect(try await peer.reply().status == (path == "/nothing" ? 404 : 405))
            #expect(try await peer.readToEnd().end == .closedThere)
        }
    }

    @Test("a WebSocket can be opened behind an answered request")
    func upgradeBehind() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            #expect(try await peer.get("/version").status == 200)
            let client = try await HubPeer(upgrade(peer))
            #expect(try await client.ask("ping", "1").type == "pong")
        }
    }

    @Test(
        "a client that has sent all that it will is still answered, and then closed",
        arguments: [1, 2, 400],
        ["/metrics", "/version"]
    )
    func halfClosed(count: Int, path: String) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            for _ in 1..<count { peer.request("/nothing") }
            peer.request(path, headers: [patient])
            peer.endWriting()
            for _ in 1..<count { #expect(try await peer.reply().status == 404) }
            #expect(try await peer.reply().status == 200)
            let rest = try await peer.readToEnd()
            #expect(rest.bytes.isEmpty)
            #expect(rest.end == .closedThere)
            #expect(try await server.rejected(.aborted) == 0)
        }
    }

    @Test("a request that its client breaks off is counted", arguments: [true, false])
    func aborted(byReset: Bool) async throws {
        try await withServer { server in
            let peer = try await server.connect(sending: "GET /ws HTTP/1.1\r\nHost:")
            try await server.eventually("half a head") { $0.bytesRead > 0 }
            if byReset { peer.reset() } else { peer.close() }
            try await server.eventually("the end") { $0.httpConnections == 0 }
            #expect(try await server.rejected(.aborted) == 1)
        }
    }

    @Test("an upgrade whose client breaks the connection at once is counted, as opened or as aborted")
    func upgradeAndReset() async throws {
        try await withServer { server in
            let count = 50
            for _ in 0..<count {
                let peer = try await server.connect()
                peer.request("/ws", headers: upgradeFields)
                peer.reset()
            }
            let page = try await server.eventually("an account of all") { page in
                let opened = page.value(of: "gohub_connections_opened_total") ?? 0
                let aborted = page.value(of: "gohub_connections_rejected_total", ["reason": "aborted"]) ?? 0
                return opened + aborted == Double(count) ? page : nil
            }
            #expect(page.sum(of: "gohub_connections_rejected_total", where: ["reason": "silent"]) == 0)
        }
    }

    @Test("a connection that ends without a byte, as balancers' probes do, is no fault", arguments: [true, false])
    func probe(byReset: Bool) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            try await server.eventually("the connection") { $0.httpConnections == 1 }
            if byReset { peer.reset() } else { peer.close() }
            try await server.eventually("the end") { $0.httpConnections == 0 }
            #expect(try await server.scrape().sum(of: "gohub_connections_rejected_total") == 0)
        }
    }

    @Test("a client that goes while its answer is awaited leaves nothing behind", arguments: [true, false])
    func gone(byReset: Bool) async throws {
        try await withServer { server in
            let blocker = Blocker()
            server.registry.onScrape { blocker.wait() }
            let peer = try await server.connect()
            peer.request("/metrics")
            try await server.eventually("the scrape") { $0.awaitedAnswers == 1 }
            if byReset { peer.reset() } else { peer.close() }
            // One that only ended its side of the stream might still read the answer.
            if !byReset { blocker.open() }
            try await server.eventually("the end") { $0.awaitedAnswers == 0 && $0.httpConnections == 0 }
            blocker.open()
            #expect(await server.snapshot().requestsInFlight == 0)
            #expect(try await server.rejected(.aborted) == (byReset ? 1 : 0))
        }
    }
}
