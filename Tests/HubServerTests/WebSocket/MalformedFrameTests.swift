// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Frames that end a WebSocket")
struct MalformedFrameTests {
    @Test("each is refused with its close code, the connection ends, and its reason is counted")
    func all() async throws {
        #expect(MalformedInput.frames.count >= 80)
        try await withServer { server in
            for frames in MalformedInput.frames {
                let client = try await server.client()
                client.socket.peer.send(frames.bytes)
                let (code, reason) = try await client.socket.closeFrame()
                #expect(code.map { Int($0) } == frames.verdict, "\(frames)")
                #expect(!reason.isEmpty, "\(frames)")
                if WebSocketError.Code(rawValue: frames.error)?.isOfCloseFrame != true {
                    client.socket.sendClose(1000)
                    client.socket.peer.endWriting()
                }
                #expect(try await client.socket.rest().end == .closedThere, "\(frames)")
            }
            let expected = Dictionary(grouping: MalformedInput.frames, by: \.verdict).mapValues { Double($0.count) }
            let page = try await server.eventually("all closed") { page in
                page.sum(of: "gohub_connections_closed_total") == Double(MalformedInput.frames.count) ? page : nil
            }
            for (code, reason) in [(1002, "protocol_error"), (1007, "invalid_payload"), (1009, "too_large")] {
                #expect(page.value(of: "gohub_connections_closed_total", ["reason": reason]) == expected[code])
            }
        }
    }

    @Test("a client that goes on sending after its fault is not listened to any more")
    func goesOn() async throws {
        try await withServer { server in
            let client = try await server.client()
            let witness = try await server.client()
            client.socket.peer.send([0xFF])
            client.socket.peer.send(
                client.socket.frame(
                    .text,
                    Array(#"{"message_id":1,"message_type":"broadcast","data":{"payload":1}}"#.utf8)
                )
            )
            #expect(try await client.socket.closeFrame().code == 1002)
            client.socket.send(#"{"message_id":1,"message_type":"broadcast","data":{"payload":1}}"#)
            client.socket.peer.close()
            try await server.expectClosed("protocol_error")
            #expect(try await witness.ask("ping", "1").type == "pong")
            #expect(try await server.scrape().value(of: "gohub_publishes_total", ["scope": "broadcast"]) == 0)
        }
    }

    @Test("what was asked before a fault is answered before the close frame")
    func answeredBefore() async throws {
        try await withServer { server in
            let client = try await server.client()
            let good = client.socket.frame(.text, Array(#"{"message_id":4,"message_type":"ping","data":1}"#.utf8))
            client.socket.peer.send(good + good + [0x83, 0x80, 0, 0, 0, 0])
            #expect(try await client.next { $0.id } == 4)
            #expect(try await client.next { $0.id } == 4)
            let close = try await client.socket.next()
            guard case .close(1002, _) = close else {
                Issue.record("no close but \(close)")
                return
            }
        }
    }
}
