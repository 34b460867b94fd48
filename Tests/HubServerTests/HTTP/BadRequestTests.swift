// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Requests that are refused")
struct BadRequestTests {
    @Test("each malformed upgrade gets its status, and the connection ends")
    func malformedUpgrades() async throws {
        #expect(MalformedInput.upgrades.count >= 90)
        try await withServer { server in
            for upgrade in MalformedInput.upgrades {
                let peer = try await server.connect()
                peer.send(upgrade.bytes)
                let reply = try await peer.reply(isHead: upgrade.bytes.starts(with: "HEAD".utf8))
                #expect(reply.status == upgrade.verdict, "\(upgrade)")
                #expect(reply["connection"] == "close", "\(upgrade)")
                let rest = try await peer.readToEnd()
                #expect(rest.bytes.isEmpty && rest.end == .closedThere, "\(upgrade)")
            }
            let page = try await server.scrape()
            let refused = ["bad_request", "bad_handshake", "origin"].map {
                page.value(of: "gohub_connections_rejected_total", ["reason": $0]) ?? 0
            }
            #expect(refused.reduce(0, +) == Double(MalformedInput.upgrades.count))
            #expect(refused.allSatisfy { $0 > 0 })
            #expect(page.value(of: "gohub_connections_opened_total") == 0)
        }
    }

    @Test(
        "a head is refused where it breaks, without waiting for its end",
        arguments: [
            "GET /ws HTTP/1.1\n", "\u{16}\u{3}\u{1}", "GET /ws\u{0}", "GET /ws HTTP/1.1\r\nHost: a\r ",
        ]
    )
    func early(bytes: String) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.send(bytes)
            #expect(try await peer.reply().status == 400)
            #expect(try await server.rejected(.badRequest) == 1)
        }
    }

    @Test("a head above the limit is refused with 431 before it ends", arguments: [1024, 16 * 1024])
    func tooLarge(limit: Int) async throws {
        try await withServer {
            $0.settings.maxHeadBytes = limit
        } _: { server in
            let peer = try await server.connect()
            peer.send("GET /version HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: limit))
            #expect(try await peer.reply().status == 431)
            let fits = try await server.connect()
            let start = "GET /version HTTP/1.1\r\nHost: a\r\nX: "
            fits.send(start + String(repeating: "x", count: limit - start.utf8.count - 4) + "\r\n\r\n")
            #expect(try await fits.reply().status == 200)
        }
    }

    @Test("what follows a refused request is not taken for another")
    func nothingFollows() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.send("GET /version HTTP/3.0\r\n\r\nGET /version HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await peer.reply().status == 505)
            #expect(try await peer.readToEnd().bytes.isEmpty)
        }
    }

    @Test(
        "what a client asks and the hub has not is the client's fault, not the hub's",
        arguments: [
            ("GET / HTTP/3.0\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        ]
    )
    func fault(request: String, status: Int) async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.send(request)
            #expect(try await peer.reply().status == status)
            let page = try await server.scrape()
            #expect(page.sum(of: "gohub_http_requests_total", where: ["status": "4xx"]) == 1)
            #expect(page.sum(of: "gohub_http_requests_total", where: ["status": "5xx"]) == 0)
        }
    }

    @Test("the refusal reaches a client that is still sending")
    func stillSending() async throws {
        try await withServer { server in
            let peer = try await server.connect()
            peer.send("GET /version HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send([UInt8](repeating: 0x61, count: 4 << 20))
            #expect(try await peer.reply().status == 501)
        }
    }
}
