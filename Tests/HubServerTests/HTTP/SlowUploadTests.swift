// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Refused uploads")
struct SlowUploadTests {
    private let clock = VirtualClock()
    private let piece = [UInt8](repeating: 0x61, count: 40_000)

    /// Begins an upload, gets its refusal, and goes on with the upload.
    private func withRefusedUpload(_ body: (TestServer, Peer) async throws -> Void) async throws {
        try await withServer {
            $0.clock = clock
        } _: { server in
            let peer = try await server.connect()
            peer.sendOn()
            peer.send("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            let reply = try await peer.reply()
            #expect(reply.status == 405)
            #expect(reply["connection"] == "close")
            try await body(server, peer)
        }
    }

    /// Sends a piece of the body, and waits until the server has thrown it away.
    private func send(_ server: TestServer, _ peer: Peer) async throws {
        let before = await server.snapshot().bytesRead
        peer.send(piece)
        try await server.eventually("the piece") { $0.bytesRead == before + UInt64(piece.count) }
    }

    @Test("a client that sends its megabyte at 40 kB/s sees the refusal, and never a reset")
    func slow() async throws {
        try await withRefusedUpload { server, peer in
            for _ in 0..<25 {
                clock.advance(by: .seconds(1))
                try await send(server, peer)
            }
            #expect(try await peer.readToEnd().end == .closedThere)
            #expect(await server.snapshot().httpConnections == 1)
            peer.endWriting()
            try await server.eventually("its end") { $0.httpConnections == 0 }
        }
    }

    @Test("one that stops sending is waited for five seconds")
    func silent() async throws {
        try await withRefusedUpload { server, peer in
            try await send(server, peer)
            clock.advance(by: .milliseconds(4_900))
            try await send(server, peer)
            clock.advance(by: .milliseconds(4_900))
            #expect(await server.snapshot().httpConnections == 1)
            clock.advance(by: .milliseconds(200))
            try await server.eventually("its end") { $0.httpConnections == 0 }
        }
    }

    @Test("one that goes on and on is listened to for half a minute")
    func endless() async throws {
        try await withRefusedUpload { server, peer in
            for _ in 0..<7 {
                clock.advance(by: .seconds(4))
                try await send(server, peer)
            }
            clock.advance(by: .seconds(3))
            try await server.eventually("its end") { $0.httpConnections == 0 }
        }
    }
}
