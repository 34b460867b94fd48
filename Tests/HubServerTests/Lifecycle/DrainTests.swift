// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Draining")
struct DrainTests {
    @Test(
        "clients are told, then closed with 1001; the drain ends when they are gone, long before its time",
        arguments: [1, 2]
    )
    func told(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
        } _: { server in
            let clients = try await server.clients(20)
            async let drained: Void = server.drain()
            for client in clients {
                let draining = try await client.next { $0 }
                #expect(draining.type == "draining")
                #expect((draining.data["retry_after_ms"]?.number ?? 0) > 0)
                #expect(try await client.socket.next() == .close(1001, "draining"))
                client.socket.sendClose(1001)
                #expect(try await client.socket.rest().end == .closedThere)
            }
            await drained
            try await server.expectClosed("drain", 20)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_state", ["state": "draining"]) == 1)
            #expect(page.value(of: "gohub_drain_remaining_connections") == 0)
        }
    }

    @Test("what was queued before arrives before the hub's good-bye")
    func queuedBefore() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
        } _: { server in
            let client = try await server.client(receiveBuffer: 4096)
            let id = try #require(ClientID(client.id))
            client.socket.peer.stall()
            let filler = [UInt8](repeating: 1, count: 64 << 10)
            for _ in 0..<200 { try server.hub.push(.binary(filler), to: id) }
            try await server.eventually("a full socket, and nothing on its way to it") {
                $0.shard.queuedMessages > 10 && $0.shard.inboxBytes == 0
            }
            async let drained: Void = server.drain()
            try await server.eventually("the good-bye") { $0.shard.registered == 0 }
            client.socket.peer.stall(false)
            for _ in 0..<200 { #expect(try await client.socket.next() == .binary(filler)) }
            #expect(try await client.next { $0.type } == "draining")
            #expect(try await client.socket.next() == .close(1001, "draining"))
            client.socket.sendClose(1001)
            await drained
        }
    }

    @Test("nobody can connect any more, and operators with a listener of their own are served")
    func refused() async throws {
        try await withServer {
            $0.hasAdminListener = true
            $0.settings.loops = 2
        } _: { server in
            let client = try await server.client()
            #expect(try await server.get("/readyz", fromAdmin: true).status == 200)
            async let drained: Void = server.drain()
            #expect(try await client.next { $0.type } == "draining")
            _ = try await eventually("a refusal") { () -> Bool? in
                do throws(PeerFault) {
                    _ = try await server.get("/ws")
                    return nil
                } catch {
                    return true
                }
            }
            for path in ["/readyz", "/healthz"] {
                let reply = try await server.get(path, fromAdmin: true)
                #expect(reply.status == 503)
                #expect(try JSONTree(parsing: reply.body)["checks"]?["state"] == .string("draining"))
            }
            #expect(try await server.get("/livez", fromAdmin: true).status == 200)
            let page = try Exposition(
                parsing: try await server.get("/metrics", headers: [patient], fromAdmin: true).body,
                as: .text
            )
            #expect(page.value(of: "gohub_drain_remaining_connections") == 1)
            #expect((page.value(of: "gohub_drain_deadline_timestamp_seconds") ?? 0) > 1_000_000_000)
            #expect(page.value(of: "gohub_health_check", ["check": "ready"]) == 0)
            client.socket.peer.close()
            await drained
        }
    }

    @Test("while a drain is delayed the node says that it is not ready, and takes clients as before")
    func delayed() async throws {
        let clock = VirtualClock()
        try await withServer {
            $0.clock = clock
            $0.settings.drainDelay = .seconds(10)
            $0.settings.loops = 2
        } _: { server in
            let first = try await server.client()
            async let drained: Void = server.drain()
            _ = try await eventually("readiness falls") { try await server.get("/readyz").status == 503 ? true : nil }
            #expect(try await server.get("/livez").status == 200)
            clock.advance(by: .milliseconds(9_900))
            let second = try await server.client()
            #expect(try await second.ask("ping", "1").type == "pong")
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_state", ["state": "draining"]) == 1)
            #expect(page.value(of: "gohub_drain_remaining_connections") == 2)
            #expect((page.value(of: "gohub_drain_deadline_timestamp_seconds") ?? 0) > 0)
            #expect(page.sum(of: "gohub_connections_rejected_total") == 0)
            clock.advance(by: .milliseconds(200))
            for client in [first, second] { #expect(try await client.next { $0.type } == "draining") }
            for client in [first, second] { client.socket.peer.close() }
            _ = try await eventually("the drain's end") {
                clock.advance(by: .seconds(1))
                return await server.snapshot().webSockets == 0 ? true : nil
            }
            await drained
        }
    }

    @Test("a server that is stopped while its drain is delayed ends at once")
    func stoppedInDelay() async throws {
        let server = try TestServer { $0.settings.drainDelay = .seconds(300) }
        let client = try await server.client()
        server.server.drain {}
        #expect(try await client.ask("ping", "1").type == "pong")
        try await Blocking.run { server.server.stop() }
        #expect(try await client.socket.rest().end == .closedThere)
        await server.stop()
    }

    @Test("those who connected before the listener closes are answered, not cut off")
    func queued() async throws {
        let blocker = Blocker()
        try await withServer {
            $0.handlers = ["hang": HangHandler(blocker: blocker)]
        } _: { server in
            let client = try await server.client()
            client.send("hang", "0")
            try await blocker.arrival()
            // The loop hangs: these stay in the listener's queue.
            var waiting: [Peer] = []
            for path in Array(repeating: "/ws", count: 100) + ["/version"] {
                let peer = try await server.connect()
                peer.request(path, headers: path == "/ws" ? upgradeFields : [])
                waiting.append(peer)
            }
            async let drained: Void = server.drain()
            _ = try await eventually("the drain") { server.server.state == .draining ? true : nil }
            blocker.open()
            let last = waiting.removeLast()
            for peer in waiting { #expect(try await peer.reply().status == 503) }
            #expect(try await last.reply().status == 200)
            client.socket.peer.close()
            await drained
            #expect(try await server.rejected(.draining) == 100)
        }
    }

    @Test("clients that do not go are ended when the time is over")
    func deadline() async throws {
        try await withServer {
            $0.settings.drainTimeout = .milliseconds(300)
        } _: { server in
            let clients = try await server.clients(5)
            await server.drain()
            for client in clients {
                let rest = try await client.socket.rest()
                #expect(rest.frames.count == 2)
                #expect(rest.frames.last == .close(1001, "draining"))
                #expect(rest.end == .closedThere)
            }
            try await server.expectClosed("drain", 5)
        }
    }

    @Test("a client that does not even read is ended when the time is over")
    func deadlineOfStalled() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.settings.drainTimeout = .milliseconds(300)
        } _: { server in
            let client = try await server.client(receiveBuffer: 4096)
            client.socket.peer.stall()
            let id = try #require(ClientID(client.id))
            try server.hub.push(.binary([UInt8](repeating: 0, count: 32 << 20)), to: id)
            try await server.eventually("a full socket") { $0.shard.queuedMessages == 1 }
            await server.drain()
            try await server.expectClosed("drain")
        }
    }

    @Test("a drain without time ends all at once")
    func noTime() async throws {
        try await withServer {
            $0.settings.drainTimeout = .zero
        } _: { server in
            let clients = try await server.clients(3)
            await server.drain()
            for client in clients { #expect(try await client.socket.rest().end == .closedThere) }
            #expect(server.hub.clientCount == 0)
        }
    }

    @Test("a drain without clients is over at once, and a second one changes nothing", arguments: [1, 3])
    func empty(loops: Int) async throws {
        try await withServer {
            $0.settings.loops = loops
        } _: { server in
            await server.drain()
            let called = SharedFlag(false)
            server.server.drain { called.value = true }
            #expect(await server.snapshot().webSockets == 0)
            #expect(!called.value)
        }
    }

    @Test("many clients are closed one after the other over the time of the drain")
    func spread() async throws {
        try await withServer {
            $0.settings.drainTimeout = .seconds(2)
        } _: { server in
            // At 10 ms each, 100 clients take about a second.
            let clients = try await server.clients(100)
            let start = ContinuousClock.now
            async let drained: Void = server.drain()
            for client in clients {
                _ = try await client.socket.closeFrame()
                client.socket.sendClose(1001)
            }
            #expect(ContinuousClock.now - start > .milliseconds(700))
            await drained
        }
    }
}
