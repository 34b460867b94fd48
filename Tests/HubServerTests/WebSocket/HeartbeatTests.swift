// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Heartbeats")
struct HeartbeatTests {
    /// Runs a server of the production's times on a clock that the test moves.
    private func withClock(
        _ change: (inout TestServer.Options) -> Void = { _ in },
        _ body: (TestServer, VirtualClock) async throws -> Void
    ) async throws {
        let clock = VirtualClock()
        try await withServer {
            $0.clock = clock
            $0.settings.pingInterval = .seconds(25)
            $0.settings.pongTimeout = .seconds(10)
            $0.settings.readTimeout = .seconds(180)
            $0.settings.closeTimeout = .seconds(5)
            change(&$0)
        } _: { server in
            try await body(server, clock)
        }
    }

    /// Waits for the hub's next ping, and gives its payload.
    private func ping(of client: HubPeer) async throws(PeerFault) -> [UInt8] {
        try await client.socket.next { frame in
            guard case .ping(let payload) = frame else { return nil }
            return payload
        }
    }

    @Test("a client that answers its pings stays for hours, and each round trip is timed")
    func answered() async throws {
        try await withClock { server, clock in
            let client = try await server.client()
            for count in 1...300 {
                clock.advance(by: .seconds(26))
                let ping = try await ping(of: client)
                clock.advance(by: .milliseconds(20))
                client.socket.send(.pong, ping)
                try await server.eventually("the pong") { $0.pingRoundTrip.count == UInt64(count) }
                // Looks whether the pong came.
                clock.advance(by: .seconds(11))
                try await server.eventually("a tick") { $0.webSockets == 1 }
            }
            let trips = try await server.scrape().histogram(of: "gohub_ping_rtt_seconds")
            #expect(trips?.count == 300)
            #expect(abs((trips?.sum ?? 0) - 6) < 0.5)
            #expect(server.hub.clientCount == 1)
        }
    }

    @Test("the first ping comes between half an interval and a whole one, not for all at once")
    func spread() async throws {
        try await withClock { server, clock in
            let clients = try await server.clients(40)
            clock.advance(by: .seconds(12))
            try await server.eventually("a tick") { $0.webSockets == 40 }
            #expect(clients.allSatisfy { $0.socket.peer.unread == 0 })
            var pinged = 0
            for _ in 0..<14 {
                clock.advance(by: .seconds(1))
                let now = try await answerPings(server, clients)
                #expect(now <= 12)
                pinged += now
            }
            #expect(pinged == 40)
        }
    }

    @Test("a client that does not answer is out of every table before its connection is gone")
    func missed() async throws {
        try await withClock { server, clock in
            let client = try await server.client()
            try await client.subscribe("a")
            clock.advance(by: .seconds(26))
            _ = try await ping(of: client)
            clock.advance(by: .seconds(9))
            // What it says is life, though no answer to the ping.
            #expect(try await client.ask("ping", "1").type == "pong")
            clock.advance(by: .seconds(2))
            #expect(try await client.ask("ping", "1").type == "pong")
            try await passUntilLost(server, clock)
            #expect(try await client.socket.next() == .close(1001, "no pong"))
            let snapshot = await server.snapshot()
            #expect(snapshot.webSockets == 1)
            #expect(snapshot.shard.registered == 0)
            #expect(snapshot.shard.topics == 0)
            #expect(server.hub.clientCount == 0)
            clock.advance(by: .seconds(6))
            #expect(try await client.socket.rest().end == .closedThere)
            try await server.expectClosed("no_pong")
        }
    }

    @Test(
        "a pong that answers another ping is none",
        arguments: [[], [1, 2, 3], [0, 0, 0, 0, 0, 0, 0, 0]] as [[UInt8]]
    )
    func wrongPong(payload: [UInt8]) async throws {
        try await withClock { server, clock in
            let client = try await server.client()
            clock.advance(by: .seconds(26))
            _ = try await ping(of: client)
            client.socket.send(.pong, payload)
            #expect(try await client.ask("ping", "1").type == "pong")
            try await passUntilLost(server, clock)
            #expect(try await client.socket.next() == .close(1001, "no pong"))
            #expect(try await server.scrape().histogram(of: "gohub_ping_rtt_seconds")?.count == 0)
        }
    }

    @Test("a connection on which nothing at all arrives is closed as idle")
    func idle() async throws {
        try await withClock {
            $0.settings.pingInterval = .seconds(3600)
        } _: { server, clock in
            let client = try await server.client()
            clock.advance(by: .seconds(170))
            #expect(try await client.ask("ping", "1").type == "pong")
            clock.advance(by: .seconds(179))
            client.socket.send(.pong)
            try await server.eventually("a tick") { $0.webSockets == 1 }
            let before = await server.snapshot().bytesRead
            client.socket.send(.pong)
            try await server.eventually("the pong") { $0.bytesRead > before }
            clock.advance(by: .seconds(179))
            #expect(try await client.ask("ping", "1").type == "pong")
            clock.advance(by: .seconds(181))
            #expect(try await client.socket.next() == .close(1001, "idle"))
            client.socket.sendClose(1001)
            try await server.expectClosed("idle")
        }
    }

    @Test("a client that takes nothing is not pinged, and not closed for its silence while it takes some")
    func blocked() async throws {
        try await withClock {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.settings.writeTimeout = .seconds(60)
        } _: { server, clock in
            let client = try await server.client(receiveBuffer: 4096)
            client.socket.peer.stall()
            let big = [UInt8](repeating: 7, count: 32 << 20)
            try server.hub.push(.binary(big), to: #require(ClientID(client.id)))
            try await server.eventually("a full socket") { $0.shard.blockedWrites > 0 }
            clock.advance(by: .seconds(50))
            try await server.eventually("a tick") { $0.webSockets == 1 }
            client.socket.peer.stall(false)
            #expect(try await client.socket.next() == .binary(big))
            // The next look at the clock finds it able to take a ping again.
            clock.advance(by: .seconds(26))
            _ = try await ping(of: client)
        }
    }

    @Test("a client that was too busy taking messages has the whole time to answer once it has them")
    func answersLate() async throws {
        try await withClock {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.settings.writeTimeout = .seconds(60)
        } _: { server, clock in
            let client = try await server.client(receiveBuffer: 4096)
            clock.advance(by: .seconds(26))
            let first = try await ping(of: client)
            // Its socket fills up before it answers.
            client.socket.peer.stall()
            let big = [UInt8](repeating: 7, count: 32 << 20)
            try server.hub.push(.binary(big), to: #require(ClientID(client.id)))
            try await server.eventually("a full socket") { $0.shard.blockedWrites > 0 }
            clock.advance(by: .seconds(24))
            try await server.eventually("a tick") { $0.webSockets == 1 }
            client.socket.peer.stall(false)
            #expect(try await client.socket.next() == .binary(big))
            clock.advance(by: .seconds(9))
            try await server.eventually("a tick") { $0.webSockets == 1 }
            clock.advance(by: .milliseconds(500))
            try await server.eventually("a tick") { $0.shard.registered == 1 }
            client.socket.send(.pong, first)
            try await server.eventually("the pong") { $0.pingRoundTrip.count == 1 }
            clock.advance(by: .seconds(26))
            client.socket.send(.pong, try await ping(of: client))
            try await server.eventually("the pong") { $0.pingRoundTrip.count == 2 }
        }
    }

    @Test("after the process stood still nobody is judged by the time in which nothing could be read")
    func stopped() async throws {
        try await withClock {
            $0.gap = .milliseconds(500)
        } _: { server, clock in
            let client = try await server.client()
            clock.advance(by: .seconds(3_600))
            let first = try await ping(of: client)
            clock.advance(by: .seconds(3_600))
            client.socket.send(.pong, first)
            try await server.eventually("the pong") { $0.pingRoundTrip.count == 1 }
            // Time that the loop had to read in counts as ever.
            for step in 0..<400 where await server.snapshot().shard.registered == 1 {
                clock.advance(by: .milliseconds(200))
                #expect(step < 399)
            }
            clock.advance(by: .seconds(6))
            try await server.expectClosed("no_pong")
        }
    }

    /// A handler during which time passes.
    private struct LongHandler: MessageHandler {
        let clock: VirtualClock

        func handle(_ message: Message) throws(MessageError) { clock.advance(by: .seconds(1)) }
    }

    @Test("an answer that came in time and was not read yet, as others took long, counts")
    func answerWaits() async throws {
        try await withClock {
            $0.handlers["long"] = $0.clock.map(LongHandler.init)
        } _: { server, clock in
            let (busy, client) = (try await server.client(), try await server.client())
            clock.advance(by: .seconds(26))
            busy.socket.send(.pong, try await ping(of: busy))
            let ping = try await ping(of: client)
            // Brings the acknowledgement of the ping, which would count as life at the look after it.
            client.socket.send(.pong, [])
            #expect(try await busy.ask("ping", "1").type == "pong")
            clock.advance(by: .seconds(6))
            try await server.eventually("the pong") { $0.pingRoundTrip.count == 1 }
            // Its answer comes after the look that moving the clock made due.
            let earlier = try await server.scrape().sum(of: "gohub_event_loop_overruns_total")
            try await pass(server, clock, .seconds(5), behind: busy) { client.socket.send(.pong, ping) }
            try await server.eventually("the pong") { $0.pingRoundTrip.count == 2 }
            #expect(try await server.scrape().sum(of: "gohub_event_loop_overruns_total") > earlier)
            #expect(await server.snapshot().shard.registered == 2)
        }
    }

    /// Lets time pass and a client send something, for which the loop has no time before it looks at clients: `busy` takes it.
    private func pass(
        _ server: TestServer,
        _ clock: VirtualClock,
        _ time: Duration,
        behind busy: HubPeer,
        _ send: () -> Void
    ) async throws {
        // After a large message the next turn is timed.
        try await busy.subscribe("a")
        busy.publish([UInt8](repeating: 7, count: 4096), to: "a")
        _ = try await busy.socket.next { if case .binary = $0 { true } else { nil } }
        try await server.atOnce {
            clock.advance(by: time)
            _ = busy.send("long", "1")
            send()
        }
        // The tick after the one that made it wait has had time for it.
        _ = try await server.scrape()
    }

    @Test(
        "who always has something waiting to be read is no less overdue for what it does not take or does not end",
        arguments: [CloseReason.writeTimeout, .messageTimeout]
    )
    func waitingIsNoExcuse(reason: CloseReason) async throws {
        try await withClock {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.handlers["long"] = $0.clock.map(LongHandler.init)
            $0.settings.pongTimeout = .seconds(25)
            $0.settings.writeTimeout = .seconds(60)
            $0.settings.messageTimeout = .seconds(60)
        } _: { server, clock in
            let client = try await server.client(receiveBuffer: 4096)
            if reason == .writeTimeout {
                client.socket.peer.stall()
                try server.hub.push(.binary([UInt8](repeating: 7, count: 32 << 20)), to: #require(ClientID(client.id)))
                try await server.eventually("a full socket") { $0.shard.blockedWrites > 0 }
            } else {
                client.socket.send(.text, [0x61], fin: false)
                try await server.eventually("the part") { $0.unfinishedBytes > 0 }
            }
            let earlier = try await server.scrape().sum(of: "gohub_event_loop_overruns_total")
            // Each is busy once: then the loop takes it for one that asks for much.
            var busy: [HubPeer] = []
            while server.hub.clientCount == busy.count + 1, busy.count < 20 {
                busy.append(try await server.client())
                try await pass(server, clock, .seconds(11), behind: busy[busy.count - 1]) {
                    client.socket.send(.pong, [])
                }
                _ = try await answerPings(server, busy)
            }
            #expect(server.hub.clientCount == busy.count)
            // It did wait each time.
            let overruns = try await server.scrape().sum(of: "gohub_event_loop_overruns_total") - earlier
            #expect(overruns >= Double(busy.count))
            clock.advance(by: .seconds(6))
            try await server.expectClosed(reason.labelValue)
        }
    }

    @Test("a message that never ends is given up, and one that only takes its time is not")
    func unfinishedMessage() async throws {
        try await withClock {
            $0.settings.messageTimeout = .seconds(120)
            $0.settings.pingInterval = .seconds(10)
        } _: { server, clock in
            let client = try await server.client()
            let part = [UInt8](repeating: 0x61, count: 50_000)
            client.socket.send(.text, part, fin: false)
            try await server.eventually("the part") { $0.unfinishedBytes >= 50_000 }
            for count in 1...10 as ClosedRange<UInt64> {
                clock.advance(by: .seconds(11))
                client.socket.send(.pong, try await ping(of: client))
                try await server.eventually("the pong") { $0.pingRoundTrip.count == count }
            }
            #expect(await server.snapshot().shard.registered == 1)
            #expect(try await server.scrape().value(of: "gohub_unfinished_message_bytes") ?? 0 >= 50_000)
            clock.advance(by: .seconds(11))
            clock.advance(by: .seconds(11))
            #expect(try await client.socket.next { if case .close(let code, _) = $0 { code } else { nil } } == 1008)
            client.socket.sendClose(1008)
            try await server.expectClosed("message_timeout")
            try await server.eventually("nothing left") { $0.unfinishedBytes == 0 }
        }
    }

    @Test("a client whose socket takes nothing for too long is let go")
    func writeTimeout() async throws {
        try await withClock {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.settings.writeTimeout = .seconds(60)
        } _: { server, clock in
            let client = try await server.client(receiveBuffer: 4096)
            try await client.subscribe("a")
            client.socket.peer.stall()
            try server.hub.push(.binary([UInt8](repeating: 7, count: 32 << 20)), to: #require(ClientID(client.id)))
            try await server.eventually("a full socket") { $0.shard.blockedWrites > 0 }
            clock.advance(by: .seconds(59))
            try await server.eventually("a tick") { $0.webSockets == 1 }
            // What its system still took in while it filled up counts as progress, seen at the look that follows.
            for _ in 0..<6 where await server.snapshot().webSockets == 1 { clock.advance(by: .seconds(31)) }
            try await server.expectClosed("write_timeout")
            #expect(
                try await server.scrape().sum(of: "gohub_deliveries_dropped_total", where: ["reason": "closed"]) == 1
            )
        }
    }

    @Test("a client in the middle of a long message stays, however long it takes, and is answered")
    func uploads() async throws {
        try await withClock { server, clock in
            let client = try await server.client()
            clock.advance(by: .seconds(26))
            let ping = try await ping(of: client)
            let payload = "\"" + String(repeating: "x", count: 900_000) + "\""
            let request = #"{"message_id":7,"message_type":"ping","data":\#(payload)}"#
            let frame = client.socket.frame(.text, Array(request.utf8))
            // Its pong cannot overtake the message that it is sending.
            for part in stride(from: 0, to: frame.count, by: 40_000) {
                let before = await server.snapshot().bytesRead
                client.socket.peer.send(Array(frame[part..<min(part + 40_000, frame.count)]))
                try await server.eventually("some of it") { $0.bytesRead > before }
                clock.advance(by: .seconds(6))
            }
            client.socket.send(.pong, ping)
            #expect(try await client.next { $0.id == 7 ? $0.type : nil } == "pong")
            try await server.eventually("the pong") { $0.pingRoundTrip.count == 1 }
        }
    }

    /// Lets time pass in steps of a look until the only client is given up.
    ///
    /// Its system may acknowledge what it was sent only after the first of them, and that is progress.
    private func passUntilLost(_ server: TestServer, _ clock: VirtualClock) async throws {
        for _ in 0..<8 {
            clock.advance(by: .milliseconds(5500))
            if await server.snapshot().shard.registered == 0 { return }
        }
        Issue.record("the client is still there after 44 seconds")
    }

    /// Answers the pings that have come, and waits until the hub has the pongs.
    private func answerPings(_ server: TestServer, _ clients: [HubPeer]) async throws -> Int {
        // A round through the loop: what it wrote before is on its way.
        let before = await server.snapshot().pingRoundTrip.count
        var count = 0
        for client in clients {
            let number = client.send("ping", "0")
            let payload = try await client.socket.next { frame -> [UInt8]?? in
                switch frame {
                case .ping(let payload): .some(payload)
                case .text(let text): HubText(text)?.id == number ? .some(nil) : nil
                default: nil
                }
            }
            guard let payload else { continue }
            client.socket.send(.pong, payload)
            _ = try await client.next { $0.id == number ? true : nil }
            count += 1
        }
        try await server.eventually("the pongs") { $0.pingRoundTrip.count == before + UInt64(count) }
        return count
    }
}
