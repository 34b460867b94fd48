// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Memory for request bodies")
struct BodyMemoryTests {
    /// Sends a request of 1000 bytes all but its last.
    private func begin(_ server: TestServer, from source: String) async throws -> Peer {
        let peer = try await server.connect(from: source)
        let before = await server.snapshot().bytesRead
        let text = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + String(repeating: "x", count: 999)
        peer.send(text)
        try await server.eventually("it") { $0.bytesRead == before + UInt64(text.utf8.count) }
        return peer
    }

    @Test("all bodies together have a bound, beyond which a request gets 503 and others go on", arguments: [1, 2])
    func bound(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
            $0.settings.bodyBufferBytes = 4500
            $0.routes = [.echo(maxBodyBytes: 1000)]
        } _: { server in
            var peers: [Peer] = []
            for index in 1...4 { peers.append(try await begin(server, from: "127.0.0.\(index)")) }
            #expect(server.server.bodyBytes == 3996)
            #expect(try await server.scrape().value(of: "gohub_http_body_bytes") == 3996)
            let refused = try await begin(server, from: "127.0.0.5")
            let reply = try await refused.reply()
            #expect(reply.status == 503)
            #expect(reply["retry-after"] == "1")
            #expect(reply["connection"] == "close")
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_http_bodies_refused_total", ["reason": "no_room"]) == 1)
            let labels = ["route": "/echo", "method": "POST", "status": "5xx"]
            #expect(page.value(of: "gohub_http_requests_total", labels) == 1)
            for peer in peers {
                peer.send("x")
                #expect(try await peer.reply().body.count == 1000)
            }
            try await server.noBodies()
            let next = try await begin(server, from: "127.0.0.5")
            next.send("x")
            #expect(try await next.reply().status == 200)
        }
    }

    @Test("one address has a quarter, and leaves the rest to others")
    func share() async throws {
        try await withServer {
            $0.settings.bodyBufferBytes = 8000
            $0.routes = [.echo(maxBodyBytes: 1000)]
        } _: { server in
            let peers = [try await begin(server, from: "127.0.0.1"), try await begin(server, from: "127.0.0.1")]
            #expect(try await begin(server, from: "127.0.0.1").reply().status == 503)
            let other = try await begin(server, from: "127.0.0.2")
            for peer in peers + [other] {
                peer.send("x")
                #expect(try await peer.reply().status == 200)
            }
        }
    }

    @Test("what is announced takes no memory, and a body takes at most twice what came of it")
    func announced() async throws {
        let limit = 10 << 20
        try await withServer {
            $0.routes = [.echo(maxBodyBytes: limit)]
        } _: { server in
            let peer = try await server.connect(
                sending: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(limit)\r\n\r\n"
            )
            try await server.eventually("the head") { $0.bytesRead > 0 }
            #expect(server.server.bodyBytes == 0)
            var sent = 0
            for count in [1, 1000, 5000, 100_000, 1_000_000] {
                peer.send([UInt8](repeating: 1, count: count))
                let before = await server.snapshot().bytesRead
                sent += count
                try await server.eventually("a piece") {
                    $0.bytesRead >= min(before, 1) && server.server.bodyBytes >= sent
                }
                #expect(server.server.bodyBytes <= 2 * sent)
            }
            peer.close()
        }
    }
}
