// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Closing")
struct CloseTests {
    @Test(
        "a client's close is answered with its own code, and the hub ends the connection",
        arguments: [
            (1000, "normal"), (1001, "going_away"), (1003, "client_error"), (1008, "client_error"),
            (1011, "client_error"),
            (1013, "client_error"), (3000, "application"), (3001, "application"), (4000, "application"),
            (4999, "application"), (0, "normal"),
        ] as [(UInt16, String)]
    )
    func byClient(code: UInt16, reason: String) async throws {
        try await withServer { server in
            let client = try await server.client()
            try await client.subscribe("a")
            client.socket.sendClose(code, "bye")
            let rest = try await client.socket.rest()
            #expect(rest.frames == [.close(code == 0 ? nil : code, "")])
            #expect(rest.end == .closedThere)
            #expect(rest.isWhole)
            try await server.expectClosed(reason)
        }
    }

    @Test("what a client asked before its close is answered before the hub's")
    func answersFirst() async throws {
        try await withServer { server in
            let client = try await server.client()
            let ping = client.socket.frame(.text, Array(#"{"message_id":3,"message_type":"ping","data":1}"#.utf8))
            let close = client.socket.frame(.close, [0x03, 0xE8])
            let late = client.socket.frame(.text, Array(#"{"message_id":4,"message_type":"ping","data":1}"#.utf8))
            client.socket.peer.send(ping + close + late)
            let rest = try await client.socket.rest()
            #expect(rest.frames.count == 2)
            #expect(rest.frames.last == .close(1000, ""))
            #expect(try await server.scrape().value(of: "gohub_messages_received_total", ["command": "ping"]) == 1)
        }
    }

    @Test(
        "the hub's own close has its code and words, and ends when the client has answered",
        arguments: [
            (CloseReason.kicked, 1008 as UInt16, "disconnected by the server"),
            (.internalError, 1011, "internal error"),
            (.slow, 1013, "too slow, try again later"), (.drain, 1001, "draining"),
        ]
    )
    func byHub(reason: CloseReason, code: UInt16, text: String) async throws {
        try await withServer { server in
            let client = try await server.client()
            try server.hub.disconnect(#require(ClientID(client.id)), reason)
            #expect(try await client.socket.next() == .close(code, text))
            // It is out of all tables already, and its connection still there.
            #expect(server.hub.clientCount == 0)
            #expect(await server.snapshot().webSockets == 1)
            client.socket.sendClose(code)
            let rest = try await client.socket.rest()
            #expect(rest.frames.isEmpty)
            #expect(rest.end == .closedThere)
            try await server.expectClosed(reason.labelValue)
        }
    }

    @Test("a client whose message is too long learns it, however much it still sends before its own close")
    func tooLarge() async throws {
        try await withServer {
            $0.settings.maxMessageBytes = 10_000
        } _: { server in
            let client = try await server.client()
            let witness = try await server.client()
            let frame = client.socket.frame(.binary, [UInt8](repeating: 1, count: 6 << 20))
            client.socket.peer.send(Array(frame.prefix(100_000)))
            #expect(try await client.socket.closeFrame().code == 1009)
            // It is in the middle of its message: an end of the stream now would be lost to it behind a proxy.
            #expect(try await witness.ask("ping", "1").type == "pong")
            #expect(await server.snapshot().webSockets == 2)
            client.socket.peer.send(Array(frame.dropFirst(100_000)))
            client.socket.sendClose(1009)
            let rest = try await client.socket.rest()
            #expect(rest.frames.isEmpty)
            #expect(rest.end == .closedThere)
            try await server.expectClosed("too_large")
        }
    }

    @Test(
        "whatever the hub closes for, it reads on until the client's close",
        arguments: [CloseReason.kicked, .internalError, .slow, .drain, .noPong, .idle]
    )
    func readsOn(reason: CloseReason) async throws {
        try await withServer { server in
            let client = try await server.client()
            let frame = client.socket.frame(.binary, [1, 97] + [UInt8](repeating: 1, count: 900_000))
            client.socket.peer.send(Array(frame.prefix(100_000)))
            try await server.eventually("the first part") { $0.bytesRead > 100_000 }
            try server.hub.disconnect(#require(ClientID(client.id)), reason)
            #expect(try await client.socket.closeFrame().code == reason.closeCode)
            client.socket.peer.send(Array(frame.dropFirst(100_000)))
            #expect(await server.snapshot().webSockets == 1)
            client.socket.sendClose(1000)
            #expect(try await client.socket.rest().end == .closedThere)
            try await server.expectClosed(reason.labelValue)
        }
    }

    @Test("behind a fault of the framing the client's close is known as the last of its bytes")
    func closeBehindNoise() async throws {
        try await withServer { server in
            let client = try await server.client()
            client.socket.peer.send([0xFF])
            #expect(try await client.socket.closeFrame().code == 1002)
            let before = await server.snapshot().bytesRead
            client.socket.peer.send([UInt8](repeating: 0x88, count: 100))
            try await server.eventually("the noise") { $0.bytesRead > before }
            #expect(await server.snapshot().webSockets == 1)
            client.socket.sendClose(1002)
            #expect(try await client.socket.rest().end == .closedThere)
            try await server.expectClosed("protocol_error")
        }
    }

    @Test(
        "who broke the protocol and says no more is let go when the time for a close is over",
        arguments: [true, false]
    )
    func faultTimesOut(isTooLarge: Bool) async throws {
        let clock = VirtualClock()
        try await withServer {
            $0.clock = clock
            $0.settings.maxMessageBytes = 1000
            $0.settings.closeTimeout = .seconds(5)
        } _: { server in
            let client = try await server.client()
            client.socket.peer.send(
                isTooLarge ? client.socket.frame(.binary, [UInt8](repeating: 1, count: 2000)) : [0xFF]
            )
            #expect(try await client.socket.closeFrame().code == (isTooLarge ? 1009 : 1002))
            clock.advance(by: .milliseconds(4500))
            #expect(await server.snapshot().webSockets == 1)
            clock.advance(by: .seconds(1))
            #expect(try await client.socket.rest().end == .closedThere)
            try await server.expectClosed(isTooLarge ? "too_large" : "protocol_error")
        }
    }

    @Test("a client that does not answer the hub's close is let go when its time is over")
    func closeTimeout() async throws {
        try await withServer {
            $0.settings.closeTimeout = .milliseconds(100)
        } _: { server in
            let client = try await server.client()
            try server.hub.disconnect(#require(ClientID(client.id)))
            let rest = try await client.socket.rest()
            #expect(rest.frames == [.close(1008, "disconnected by the server")])
            #expect(rest.end == .closedThere)
            try await server.expectClosed("kicked")
        }
    }

    @Test("while it closes, a client is neither listened to nor sent anything")
    func closing() async throws {
        try await withServer { server in
            let client = try await server.client()
            try await client.subscribe("a")
            let other = try await server.client()
            try server.hub.disconnect(#require(ClientID(client.id)))
            #expect(try await client.socket.closeFrame().code == 1008)
            client.publish("1", to: "a")
            client.send("broadcast", #"{"payload":1}"#)
            client.socket.send(.ping, [1])
            #expect(
                try await other.ask("unicast", #"{"client_id":"\#(client.id)","payload":1}"#).errorCode
                    == "client_not_found"
            )
            other.send("broadcast", #"{"payload":2}"#)
            #expect(try await other.payload() == .number(2))
            client.socket.sendClose()
            #expect(try await client.socket.rest().frames.isEmpty)
        }
    }

    @Test("both closing at once is a close like any other")
    func bothAtOnce() async throws {
        try await withServer { server in
            let client = try await server.client()
            let id = try #require(ClientID(client.id))
            client.socket.sendClose(1000)
            do throws(HubError) {
                try server.hub.disconnect(id)
            } catch {
                // The client's close was taken first, and nobody is there any more.
                #expect(error.code == .clientNotFound)
            }
            let rest = try await client.socket.rest()
            #expect(rest.frames.count == 1)
            #expect(rest.end == .closedThere)
        }
    }

    @Test("a connection that just ends is counted as abnormal")
    func ends() async throws {
        try await withServer { server in
            let client = try await server.client()
            try await client.subscribe("a")
            client.socket.peer.close()
            try await server.expectClosed("abnormal")
            #expect(server.hub.clientCount == 0)
        }
    }

    @Test("a client that sends no more, and would still read, has ended too")
    func halfClosed() async throws {
        try await withServer { server in
            let client = try await server.client()
            client.socket.peer.endWriting()
            #expect(try await client.socket.rest().end == .closedThere)
            try await server.expectClosed("abnormal")
        }
    }

    @Test("what a client sent before its connection broke is handled, also its close frame", arguments: [false, true])
    func sentBeforeReset(closes: Bool) async throws {
        try await withServer { server in
            let subscriber = try await server.client()
            try await subscriber.subscribe("t")
            let client = try await server.client()
            try await server.atOnce {
                client.publish([8], to: "t")
                if closes { client.socket.sendClose(1000) }
                client.socket.peer.reset()
            }
            #expect(try await subscriber.socket.next() == .binary([1] + "t".utf8 + [8]))
            try await server.expectClosed(closes ? "normal" : "read_error")
        }
    }

    @Test("the same when the hub finds out by a write that fails", arguments: [false, true])
    func sentBeforeWriteFails(closes: Bool) async throws {
        let blocker = Blocker()
        try await withServer {
            $0.handlers = ["hang": HangHandler(blocker: blocker)]
        } _: { server in
            let subscriber = try await server.client()
            try await subscriber.subscribe("t")
            let client = try await server.client()
            try await client.subscribe("u")
            let publisher = try await server.client()
            let hang = Array(#"{"message_id":1,"message_type":"hang"}"#.utf8)
            // What follows in the same read is delivered before the loop hears of the reset.
            publisher.socket.peer.send(
                publisher.socket.frame(.text, hang) + publisher.socket.frame(.binary, [1] + "u".utf8 + [7])
            )
            try await blocker.arrival()
            client.publish([8], to: "t")
            if closes { client.socket.sendClose(1000) }
            client.socket.peer.reset()
            await withCheckedContinuation { sent in server.peers.loop.post { sent.resume() } }
            blocker.open()
            #expect(try await subscriber.socket.next() == .binary([1] + "t".utf8 + [8]))
            try await server.expectClosed(closes ? "normal" : "write_error")
            let reason = closes ? "closed" : "write_error"
            let page = try await server.scrape()
            let labels = ["scope": "topic", "reason": reason]
            #expect(page.value(of: "gohub_deliveries_dropped_total", labels) == 1)
        }
    }

    @Test("a connection that breaks is counted as a read error")
    func breaks() async throws {
        try await withServer { server in
            let client = try await server.client()
            try await client.subscribe("a")
            client.socket.peer.reset()
            try await server.expectClosed("read_error")
            #expect(server.hub.clientCount == 0)
        }
    }

    @Test("a connection that breaks while it is closing keeps the reason of the close", arguments: [true, false])
    func breaksWhileClosing(byReset: Bool) async throws {
        try await withServer { server in
            let client = try await server.client()
            try server.hub.disconnect(#require(ClientID(client.id)))
            #expect(try await client.socket.closeFrame().code == 1008)
            if byReset { client.socket.peer.reset() } else { client.socket.peer.close() }
            try await server.expectClosed("kicked")
        }
    }

    @Test("how long connections were open is counted once each")
    func durations() async throws {
        try await withServer { server in
            for client in try await server.clients(3) { client.socket.peer.close() }
            _ = try await server.eventually("three durations") { page in
                page.histogram(of: "gohub_connection_duration_seconds")?.count == 3 ? true : nil
            }
        }
    }
}
