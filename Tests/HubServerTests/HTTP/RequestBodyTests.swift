// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Request bodies")
struct RequestBodyTests {
    private static let chunkedHead = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"

    @Test(
        "a body of a length or in chunks comes to its route whole, whatever the cuts",
        arguments: [
            ["POST /echo HTTP/1.1\r\nHost: a\r\nContent-", "Length: 5\r\n\r\n", "he", "l", "lo"],
            [chunkedHead + "\r\n2", "\r\nh", "e\r\n3;a=b\r", "\nllo\r\n0\r\nA: b\r\n", "\r", "\n"],
        ]
    )
    func whole(pieces: [String]) async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect()
            for _ in 0..<2 {
                var sent = await server.snapshot().bytesRead
                for piece in pieces {
                    peer.send(piece)
                    sent += UInt64(piece.utf8.count)
                    try await server.eventually("the piece") { $0.bytesRead == sent }
                }
                let reply = try await peer.reply()
                #expect(reply.text == "hello")
                #expect(reply["connection"] == "keep-alive")
            }
            let labels = ["route": "/echo", "method": "POST", "status": "2xx"]
            #expect(try await server.scrape().value(of: "gohub_http_requests_total", labels) == 2)
        }
    }

    @Test("a large body comes whole, and its connection serves more", arguments: [false, true])
    func large(isChunked: Bool) async throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 251) }
        try await withServer {
            $0.routes = [.echo(maxBodyBytes: body.count)]
        } _: { server in
            let peer = try await server.connect()
            if isChunked {
                var chunks = Array((Self.chunkedHead + "\r\n").utf8)
                for start in stride(from: 0, to: body.count, by: 100_000) {
                    chunks += "186a0\r\n".utf8 + body[start..<start + 100_000] + "\r\n".utf8
                }
                peer.send(chunks + "0\r\n\r\n".utf8)
            } else {
                peer.send(Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            }
            #expect(try await peer.reply().body == body)
            #expect(try await peer.get("/version").status == 200)
            try await server.noBodies()
        }
    }

    @Test("requests in one packet are answered in their order, with bodies and without")
    func pipelined() async throws {
        let pending = PendingAnswers()
        try await withServer {
            $0.routes = [.echo(), pending.route()]
        } _: { server in
            let peer = try await server.connect()
            peer.send(
                """
                POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none\
                GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n\
                POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo\
                \(Self.chunkedHead)\r\n5\r\nthree\r\n0\r\n\r\n\
                POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n\
                GET /version HTTP/1.1\r\nHost: a\r\n\r\n
                """
            )
            #expect(try await peer.reply().text == "one")
            #expect(try await peer.reply().status == 404)
            try await server.eventually("the second body") { $0.awaitedAnswers == 1 }
            pending.answer()
            #expect(try await peer.reply().text == "two")
            #expect(try await peer.reply().text == "three")
            #expect(try await peer.reply().text == "")
            #expect(try await peer.reply().status == 200)
        }
    }

    @Test("many small bodies without a pause are all answered")
    func manyPipelined() async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect()
            let count = 5_000
            let one = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\npayload"
            peer.send(String(repeating: one, count: count))
            for _ in 0..<count { #expect(try await peer.reply().text == "payload") }
        }
    }

    // MARK: Refusals

    @Test(
        "a body above the route's limit is refused before it is read, with the limit in the text",
        arguments: [
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\nx",
            chunkedHead + "\r\nb", chunkedHead + "\r\nFFFFFFFFFFFFFFFF",
            chunkedHead + "\r\n5\r\nhello\r\n6",
        ]
    )
    func tooLarge(request: String) async throws {
        try await withServer {
            $0.routes = [.echo(maxBodyBytes: 10)]
        } _: { server in
            let peer = try await server.connect(sending: request)
            let reply = try await peer.reply()
            #expect(reply.status == 413)
            #expect(reply.text == "this path takes a body of at most 10 bytes\n")
            #expect(reply["connection"] == "close")
            #expect(try await peer.readToEnd().bytes.isEmpty)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_http_bodies_refused_total", ["reason": "too_large"]) == 1)
            let labels = ["route": "/echo", "method": "POST", "status": "4xx"]
            #expect(page.value(of: "gohub_http_requests_total", labels) == 1)
        }
    }

    @Test("a body of just the limit is taken")
    func justTheLimit() async throws {
        try await withServer {
            $0.routes = [.echo(maxBodyBytes: 10)]
        } _: { server in
            let peer = try await server.connect()
            peer.post("/echo", "0123456789")
            #expect(try await peer.reply().text == "0123456789")
            peer.send(Self.chunkedHead + "\r\na\r\n0123456789\r\n0\r\n\r\n")
            #expect(try await peer.reply().text == "0123456789")
        }
    }

    @Test(
        "a malformed chunk is refused with 400, and what follows is not taken for another request",
        arguments: ["x\r\n", "5\nhello", "5\r\nhelloX", "5;\u{0}", "0\r\nno trailer\r\n\r\n"]
    )
    func malformed(body: String) async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect()
            peer.send(Self.chunkedHead + "\r\n" + body + "GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
            let reply = try await peer.reply()
            #expect(reply.status == 400)
            #expect(reply["connection"] == "close")
            #expect(try await peer.readToEnd().bytes.isEmpty)
            #expect(try await server.rejected(.badRequest) == 1)
        }
    }

    @Test(
        "where no body is taken, a chunked one is refused by its route when the listener knows chunks",
        arguments: [
            ("POST /nothing", 404), ("PUT /echo", 405), ("GET /version", 413), ("POST /version", 405), ("GET /ws", 400),
        ]
    )
    func elsewhere(request: String, status: Int) async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect()
            let fields = upgradeFields.map { "\($0.0): \($0.1)\r\n" }.joined()
            let chunked = "Transfer-Encoding: chunked\r\n"
            peer.send("\(request) HTTP/1.1\r\nHost: a\r\n\(fields)\(chunked)\r\n0\r\n\r\n")
            let reply = try await peer.reply()
            #expect(reply.status == status)
            #expect(reply["connection"] == "close")
            #expect(try await peer.readToEnd().bytes.isEmpty)
        }
    }

    @Test(
        "a route refuses by the head alone, before the body comes",
        arguments: ["Content-Length: 5", "Transfer-Encoding: chunked"]
    )
    func admission(length: String) async throws {
        try await withServer {
            $0.routes = [
                .echo(admit: { request in
                    request.head.headers["x-secret"] == "yes" ? nil : .text(401, "no secret, \(request.body.count)")
                })
            ]
        } _: { server in
            let refused = try await server.connect(
                sending: "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\(length)\r\n\r\n"
            )
            let reply = try await refused.reply()
            #expect(reply.status == 401)
            #expect(reply.text == "no secret, 0\n")
            #expect(reply["connection"] == "close")
            // A body that comes all the same is thrown away.
            #expect(try await refused.readToEnd().bytes.isEmpty)

            let peer = try await server.connect()
            let empty = try await peer.get("/echo", method: "POST")
            #expect(empty.status == 401)
            #expect(empty["connection"] == "keep-alive")
            peer.post("/echo", "hello", headers: [("X-Secret", "yes")])
            #expect(try await peer.reply().text == "hello")
        }
    }

    @Test("a request that is refused by its head is refused for that, however long its body is")
    func admissionFirst() async throws {
        try await withServer {
            $0.routes = [.echo(maxBodyBytes: 10, admit: { _ in .text(403, "not you") })]
        } _: { server in
            let peer = try await server.connect()
            peer.post("/echo", String(repeating: "x", count: 100))
            #expect(try await peer.reply().status == 403)
        }
    }

    // MARK: 100 Continue

    private static let goOn = "HTTP/1.1 100 Continue\r\n\r\n"

    @Test(
        "a client that asks is told to go on, behind the answers before",
        arguments: ["Content-Length: 5", "Transfer-Encoding: chunked"]
    )
    func goOn(length: String) async throws {
        try await withServer {
            $0.routes = [.echo()]
        } _: { server in
            let peer = try await server.connect()
            peer.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
            peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\(length)\r\n\r\n")
            #expect(try await peer.reply().status == 404)
            #expect(try await peer.text(Self.goOn.utf8.count) == Self.goOn)
            peer.send(length.hasPrefix("C") ? "hello" : "5\r\nhello\r\n0\r\n\r\n")
            #expect(try await peer.reply().text == "hello")
            #expect(try await peer.get("/version").status == 200)
        }
    }

    @Test(
        "nobody else is told to go on",
        arguments: [
            ("1", "Content-Length: 5\r\nExpect: 100-continue", "hello", 200),
            ("0", "Content-Length: 5\r\nExpect: 100-continue", "", 0),
            ("1", "Content-Length: 0\r\nExpect: 100-continue", "", 200),
            ("1", "Content-Length: 11\r\nExpect: 100-continue", "", 413),
            ("1", "Content-Length: 5", "", 0), ("1", "Content-Length: 5\r\nExpect: something", "", 0),
        ]
    )
    func noGoOn(minorVersion: String, fields: String, body: String, status: Int) async throws {
        try await withServer {
            $0.routes = [.echo(maxBodyBytes: 10)]
        } _: { server in
            let request = "POST /echo HTTP/1.\(minorVersion)\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
            let peer = try await server.connect(sending: request)
            if status == 0 {
                try await server.eventually("the head") { $0.bytesRead == UInt64(request.utf8.count) }
                peer.send("hello")
            }
            #expect(try await peer.reply().status == (status == 0 ? 200 : status))
        }
    }
}
