// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import HubMetrics
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Messages on the wire")
struct MessageTests {
    @Test("a message may come in fragments, with pings between them that are answered at once")
    func fragments() async throws {
        try await withServer { server in
            let client = try await server.client()
            let text = Array(#"{"message_id":5,"message_type":"ping","data":"é€😀"}"#.utf8)
            client.socket.send(.text, Array(text[..<46]), fin: false)
            client.socket.send(.ping, [1, 2, 3])
            client.socket.send(.continuation, Array(text[46..<48]), fin: false)
            client.socket.send(.continuation, [], fin: false)
            #expect(try await client.socket.next() == .pong([1, 2, 3]))
            client.socket.send(.continuation, Array(text[48...]))
            let answer = try await client.next { $0 }
            #expect(answer.id == 5)
            #expect(answer.data == .string("é€😀"))
        }
    }

    @Test("pings are answered with their own payload", arguments: [0, 1, 125])
    func pings(count: Int) async throws {
        try await withServer { server in
            let client = try await server.client()
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            client.socket.send(.ping, payload)
            #expect(try await client.socket.next() == .pong(payload))
        }
    }

    @Test("a pong that nobody asked for changes nothing")
    func unaskedPong() async throws {
        try await withServer { server in
            let client = try await server.client()
            client.socket.send(.pong, Array("hello".utf8))
            client.socket.send(.pong)
            client.socket.send(.pong, [0, 0, 0, 0, 0, 0, 0, 0])
            #expect(try await client.ask("ping", "1").type == "pong")
            #expect(try await server.scrape().histogram(of: "gohub_ping_rtt_seconds")?.count == 0)
        }
    }

    @Test("what came together is read in one turn and written at once", arguments: [(16, 1024), (24, 100)])
    func burst(count: Int, size: Int) async throws {
        try await withServer {
            // Time stands still, so that no turn ends for lack of it.
            $0.clock = VirtualClock()
        } _: { server in
            let subscriber = try await server.client()
            try await subscriber.subscribe("burst")
            let publisher = try await server.client()
            let before = await server.snapshot().shard.writeBatch
            let payload = [5] + "burst".utf8 + [UInt8](repeating: 7, count: size)
            try await server.atOnce {
                publisher.socket.peer.send((0..<count).flatMap { _ in publisher.socket.frame(.binary, payload) })
            }
            for _ in 0..<count { _ = try await subscriber.socket.next() }
            let after = await server.snapshot().shard.writeBatch
            #expect(after.sum - before.sum == UInt64(count))
            #expect(after.count - before.count == 1)
        }
    }

    @Test("messages of every size come whole to a subscriber", arguments: [1, 2])
    func sizes(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
            $0.settings.maxMessageBytes = 4 << 20
            $0.hub.queue.bytes = 64 << 20
        } _: { server in
            let subscriber = try await server.client()
            try await subscriber.subscribe("sizes")
            let publisher = try await server.client()
            for size in [0, 1, 100, 125, 126, 127, 65_400, 65_535, 65_536, 65_537, 200_000, 1 << 20, 3 << 20] {
                let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                publisher.publish(payload, to: "sizes")
                #expect(try await subscriber.socket.next() == .binary([5] + "sizes".utf8 + payload))
            }
        }
    }

    @Test("a message of the limit is taken, one byte more ends the connection with 1009")
    func limit() async throws {
        try await withServer {
            $0.settings.maxMessageBytes = 1000
        } _: { server in
            let client = try await server.client()
            let start = #"{"message_id":1,"message_type":"ping","padding":""#
            let text = start + String(repeating: "x", count: 1000 - start.utf8.count - 2) + "\"}"
            client.socket.send(text)
            #expect(try await client.next { $0 }.type == "pong")
            client.socket.send(text + " ")
            #expect(try await client.socket.closeFrame().code == 1009)
            client.socket.peer.close()
            try await server.expectClosed("too_large")
        }
    }

    @Test("what is announced as too large is refused before it comes")
    func announced() async throws {
        try await withServer { server in
            let client = try await server.client()
            // A binary frame of 2^62 bytes, of which none follows.
            client.socket.peer.send([0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
            #expect(try await client.socket.closeFrame().code == 1009)
        }
    }

    @Test("fragments that add up to too much are refused")
    func fragmentsTooLarge() async throws {
        try await withServer {
            $0.settings.maxMessageBytes = 1000
        } _: { server in
            let client = try await server.client()
            for _ in 0..<10 { client.socket.send(.continuation, [], fin: true) }
            #expect(try await client.socket.closeFrame().code == 1002)
            let other = try await server.client()
            other.socket.send(.binary, [UInt8](repeating: 0, count: 600), fin: false)
            other.socket.send(.continuation, [UInt8](repeating: 0, count: 401))
            #expect(try await other.socket.closeFrame().code == 1009)
        }
    }

    @Test("many messages in one packet are answered in their order")
    func manyInOnePacket() async throws {
        try await withServer {
            $0.hub.queue.messages = 10_000
        } _: { server in
            let client = try await server.client()
            let count = 3000
            let frames = (1...count).flatMap { number in
                client.socket.frame(.text, Array(#"{"message_id":\#(number),"message_type":"ping","data":0}"#.utf8))
            }
            client.socket.peer.send(frames)
            for number in 1...count { #expect(try await client.next { $0.id } == number) }
        }
    }

    @Test("a malformed message is answered with an error and not punished")
    func malformed() async throws {
        try await withServer { server in
            let client = try await server.client()
            for text in ["", "{", "[]", "nonsense", #"{"message_id":1}"#] {
                client.socket.send(text)
                #expect(try await client.next { $0 }.errorCode == "bad_message")
            }
            #expect(try await client.ask("dance", "1").errorCode == "unknown_type")
            #expect(try await client.ask("ping", "1").type == "pong")
        }
    }

    @Test("clients on different loops reach each other by topic, broadcast and unicast")
    func acrossLoops() async throws {
        try await withServer {
            $0.settings.loops = 2
            $0.handlers = ["loop": LoopHandler()]
        } _: { server in
            let (one, other) = try await clientsOnDifferentLoops(server)
            try await one.subscribe("news")
            try await other.subscribe("news")
            other.publish("1", to: "news")
            #expect(try await one.payload() == .number(1))
            #expect(try await other.payload() == .number(1))
            other.send("broadcast", #"{"payload":2}"#)
            #expect(try await one.payload() == .number(2))
            #expect(try await other.payload() == .number(2))
            #expect(try await other.ask("unicast", #"{"client_id":"\#(one.id)","payload":3}"#).type == "published")
            #expect(try await one.payload() == .number(3))
        }
    }

    @Test("what one client publishes arrives in its order on every loop")
    func orderAcrossLoops() async throws {
        try await withServer {
            $0.settings.loops = 2
            $0.hub.queue.messages = 10_000
            $0.handlers = ["loop": LoopHandler()]
        } _: { server in
            let (one, other) = try await clientsOnDifferentLoops(server)
            try await one.subscribe("news")
            try await other.subscribe("news")
            let publisher = try await server.client()
            for number in 0..<1000 { publisher.publish("\(number)", to: "news") }
            for number in 0..<1000 {
                #expect(try await one.payload() == .number(Double(number)))
                #expect(try await other.payload() == .number(Double(number)))
            }
        }
    }
}

/// Connects until there are clients on two loops; the server needs a `loop` handler.
func clientsOnDifferentLoops(_ server: TestServer) async throws -> (HubPeer, HubPeer) {
    let first = try await server.client()
    let loop = try await first.ask("loop", "0").data
    let other = try await eventually("a client on another loop") {
        let client = try await server.client()
        return try await client.ask("loop", "0").data == loop ? nil : client
    }
    return (first, other)
}
