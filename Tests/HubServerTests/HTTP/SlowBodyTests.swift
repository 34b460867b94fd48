// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Bodies that do not come whole")
struct SlowBodyTests {
    private let clock = VirtualClock()

    @Test("a body has its time from the head on, which a slow sender cannot stretch", arguments: [false, true])
    func slow(isChunked: Bool) async throws {
        try await withServer {
            $0.clock = clock
            $0.settings.bodyTimeout = .seconds(30)
            $0.routes = [.echo()]
        } _: { server in
            let length = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000"
            let peer = try await server.connect(sending: "POST /echo HTTP/1.1\r\nHost: a\r\n\(length)\r\n\r\n")
            for _ in 0..<29 {
                let before = await server.snapshot().bytesRead
                peer.send(isChunked ? "1\r\nx\r\n" : "x")
                try await server.eventually("a byte") { $0.bytesRead > before }
                clock.advance(by: .seconds(1))
            }
            #expect(peer.unread == 0)
            #expect(server.server.bodyBytes > 0)
            clock.advance(by: .milliseconds(1_100))
            let reply = try await peer.reply()
            #expect(reply.status == 408)
            #expect(reply.text == "the request body took too long\n")
            #expect(reply["connection"] == "close")
            #expect(try await peer.readToEnd().bytes.isEmpty)
            try await server.noBodies()
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_http_bodies_refused_total", ["reason": "timeout"]) == 1)
            let labels = ["route": "/echo", "method": "POST", "status": "4xx"]
            #expect(page.value(of: "gohub_http_requests_total", labels) == 1)
        }
    }

    @Test("the next request has its own time, and an answer that takes long is no fault of the client's")
    func next() async throws {
        let pending = PendingAnswers()
        try await withServer {
            $0.clock = clock
            $0.settings.bodyTimeout = .seconds(30)
            $0.routes = [pending.route()]
        } _: { server in
            let peer = try await server.connect()
            for _ in 0..<2 {
                peer.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1")
                try await server.eventually("half of it") { (_: WorkerSnapshot) in server.server.bodyBytes > 0 }
                clock.advance(by: .seconds(29))
                peer.send("2")
                try await server.eventually("all of it") { $0.awaitedAnswers == 1 }
                clock.advance(by: .seconds(60))
                #expect(await server.snapshot().awaitedAnswers == 1)
                pending.answer()
                #expect(try await peer.reply().text == "12")
            }
        }
    }

    @Test(
        "a client that takes no answers while it sends bodies gets them all once it reads, and is let go if it does not"
    )
    func blocked() async throws {
        try await withServer {
            $0.clock = clock
            $0.settings.bodyTimeout = .seconds(30)
            $0.settings.writeTimeout = .seconds(60)
            $0.routes = [.echo()]
        } _: { server in
            let body = String(repeating: "x", count: 1000)
            let small = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            // Most reads end in the middle of the second one.
            let large =
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + String(repeating: body, count: 9)
            let peer = try await server.connect(receiveBuffer: 4096)
            peer.stall()
            // More answers than the kernel's buffers hold.
            let count = 1_000
            peer.send(String(repeating: small + large, count: count))
            var written: UInt64 = 0
            try await server.eventually("a full socket") { snapshot in
                defer { written = snapshot.httpBytesWritten }
                return written > 0 && snapshot.httpBytesWritten == written
            }
            peer.stall(false)
            for _ in 0..<count {
                #expect(try await peer.reply().body.count == 1000)
                #expect(try await peer.reply().body.count == 9000)
            }
            peer.stall()
            peer.send(String(repeating: small + large, count: count))
            _ = try await eventually("the end") { () -> Bool? in
                clock.advance(by: .seconds(10))
                return await server.snapshot().httpConnections == 0 ? true : nil
            }
        }
    }

    @Test("a client that ends in the middle of its body is counted", arguments: ["close", "reset", "half"])
    func aborted(how: String) async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect(
                sending: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello"
            )
            try await server.eventually("a part of it") { (_: WorkerSnapshot) in server.server.bodyBytes > 0 }
            switch how {
            case "close": peer.close()
            case "reset": peer.reset()
            default: peer.endWriting()
            }
            try await server.eventually("the end") { $0.httpConnections == 0 }
            #expect(server.server.bodyBytes == 0)
            #expect(try await server.rejected(.aborted) == 1)
        }
    }

    @Test("a body that was sent whole before the client ended its side is answered")
    func halfClosed() async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect()
            peer.post("/echo", "hello")
            peer.endWriting()
            #expect(try await peer.reply().text == "hello")
            #expect(try await peer.readToEnd().end == .closedThere)
        }
    }

    @Test("a client that goes while its answer is awaited leaves its body to whoever works on it, and no longer")
    func gone() async throws {
        let pending = PendingAnswers()
        try await withServer {
            $0.routes = [pending.route()]
        } _: { server in
            let peer = try await server.connect()
            peer.post("/later", "hello")
            try await server.eventually("the request") { $0.awaitedAnswers == 1 }
            peer.reset()
            try await server.eventually("the end") { $0.awaitedAnswers == 0 && $0.httpConnections == 0 }
            #expect(server.server.bodyBytes == 5)
            #expect(try await server.scrape().value(of: "gohub_http_body_bytes") == 5)
            pending.answer()
            try await server.noBodies()
            #expect(await server.snapshot().requestsInFlight == 0)
            #expect(try await server.rejected(.aborted) == 1)
        }
    }

    // MARK: The drain

    @Test("a body that is coming when a drain begins is taken and answered before the drain ends")
    func drain() async throws {
        try await withServer {
            $0.clock = clock
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect(
                sending: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"
            )
            try await server.eventually("a part of it") { (_: WorkerSnapshot) in server.server.bodyBytes > 0 }
            async let drained: Void = server.drain()
            _ = try await server.eventually("the drain") { page in
                page.value(of: "gohub_state", ["state": "draining"]) == 1 ? true : nil
            }
            peer.send("lo")
            #expect(try await peer.reply().text == "hello")
            await drained
        }
    }

    @Test("a body that does not come holds up a drain for a second")
    func drainWithoutEnd() async throws {
        try await withServer {
            $0.clock = clock
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect(
                sending: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel"
            )
            try await server.eventually("a part of it") { (_: WorkerSnapshot) in server.server.bodyBytes > 0 }
            let isDrained = SharedFlag(false)
            server.server.drain { isDrained.value = true }
            _ = try await eventually("the drain's end") { () -> Bool? in
                clock.advance(by: .milliseconds(100))
                return isDrained.value ? true : nil
            }
            #expect(peer.end == nil)
            peer.close()
        }
    }
}
