// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import HubWire
import Testing

@Suite("A loop that hangs")
struct HungLoopTests {
    /// Hangs one of two loops while `body` runs, which gets the client there and the one on the other loop.
    private func withHungLoop(
        patience: Duration,
        readyPatience: Duration = .seconds(600),
        hasCanary: Bool = false,
        _ body: (TestServer, _ hung: HubPeer, _ well: HubPeer) async throws -> Void
    ) async throws {
        let blocker = Blocker()
        try await withServer {
            $0.settings.loops = 2
            $0.settings.loopPatience = patience
            $0.settings.readyPatience = readyPatience
            $0.hasCanary = hasCanary
            $0.handlers = ["loop": LoopHandler(), "hang": HangHandler(blocker: blocker)]
        } _: { server in
            let (hung, well) = try await clientsOnDifferentLoops(server)
            _ = try await server.scrape()
            // Let go whatever happens, as a loop that hangs cannot be stopped.
            defer { blocker.open() }
            hung.send("hang", "0")
            try await blocker.arrival()
            try await body(server, hung, well)
            blocker.open()
            #expect(try await hung.ask("ping", "1").type == "pong")
        }
    }

    @Test("a scrape still answers, with the loop's last values, and counts that they are old")
    func scrape() async throws {
        try await withHungLoop(patience: .seconds(600)) { server, _, _ in
            let page = try await server.scrape()
            #expect((page.value(of: "gohub_connections") ?? 0) >= 2)
            #expect(page.value(of: "gohub_metrics_stale_snapshots_total") == 1)
            #expect(page.value(of: "gohub_deliveries_residual") == 0)
            #expect(try await server.scrape().value(of: "gohub_metrics_stale_snapshots_total") == 2)
        }
    }

    @Test("the other loop's canaries do not pass it")
    func canaries() async throws {
        try await withHungLoop(patience: .seconds(600), hasCanary: true) { server, _, _ in
            _ = try await eventually("a canary that timed out") {
                try await server.scrape().value(of: "gohub_canary_total", ["path": "local", "result": "timeout"])
                    .flatMap { $0 > 0 ? $0 : nil }
            }
        }
    }

    @Test("the other loop's clients notice nothing")
    func others() async throws {
        try await withHungLoop(patience: .seconds(600)) { server, hung, well in
            #expect(try await well.ask("ping", "1").type == "pong")
            try await well.subscribe("a")
            well.publish("1", to: "a")
            #expect(try await well.payload() == .number(1))
            #expect(try await well.ask("unicast", #"{"client_id":"\#(hung.id)","payload":7}"#).type == "published")
        }
    }

    @Test("the node is alive until the loop has owed an answer for too long, and again when it answers")
    func live() async throws {
        try await withHungLoop(patience: .seconds(1)) { server, _, _ in
            let (peer, _) = try await firstAnswer(server, "/livez")
            _ = try await eventually("no life") { try await peer.get("/livez").status == 503 ? true : nil }
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_health_check", ["check": "live"]) == 0)
        }
        try await withHungLoop(patience: .seconds(600)) { server, _, _ in
            let (peer, _) = try await firstAnswer(server, "/livez")
            try await timePasses(.milliseconds(1500))
            #expect(try await peer.get("/livez").status == 200)
        }
    }

    @Test(
        "the node is not ready when the loop has not turned for long, though nobody asked before, and again when it does"
    )
    func ready() async throws {
        let blocker = Blocker()
        try await withServer {
            $0.settings.loops = 2
            $0.settings.readyPatience = .seconds(1)
            $0.handlers = ["loop": LoopHandler(), "hang": HangHandler(blocker: blocker)]
        } _: { server in
            let (hung, _) = try await clientsOnDifferentLoops(server)
            #expect(try await server.get("/readyz").status == 200)
            defer { blocker.open() }
            hung.send("hang", "0")
            try await blocker.arrival()
            try await timePasses(.milliseconds(1600))
            let (peer, status) = try await firstAnswer(server, "/readyz")
            #expect(status == 503)
            let body = try JSONTree(parsing: try await peer.get("/readyz").body)
            #expect(body["checks"]?.object == ["state": .string("ok"), "loops": .string("failing")])
            #expect(try await peer.get("/livez").status == 200)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_health_check", ["check": "ready"]) == 0)
            #expect(page.value(of: "gohub_health_check", ["check": "live"]) == 1)
            blocker.open()
            _ = try await eventually("readiness") { try await peer.get("/readyz").status == 200 ? true : nil }
            let after = try await server.eventually("a tick as long as the loop hung") { page in
                page.value(of: "gohub_event_loop_tick_seconds_sum") ?? 0 > 1 ? page : nil
            }
            #expect(after.value(of: "gohub_health_check", ["check": "ready"]) == 1)
        }
    }

    @Test("a scrape counts once that loops did not answer, however many did not")
    func several() async throws {
        let blocker = Blocker()
        try await withServer {
            $0.settings.loops = 2
            $0.handlers = ["loop": LoopHandler(), "hang": HangHandler(blocker: blocker)]
        } _: { server in
            let (one, other) = try await clientsOnDifferentLoops(server)
            defer { blocker.open() }
            for client in [one, other] {
                client.send("hang", "0")
                try await blocker.arrival()
            }
            #expect(try await server.scrape().value(of: "gohub_metrics_stale_snapshots_total") == 1)
        }
    }

    /// Asks on many connections, of which one is on a loop that does not hang.
    private func firstAnswer(_ server: TestServer, _ path: String) async throws -> (Peer, Int) {
        var peers: [Peer] = []
        for _ in 0..<24 {
            let peer = try await server.connect()
            peer.request(path)
            peers.append(peer)
        }
        let peer = try await eventually("an answer") { peers.first { $0.unread > 0 } }
        return (peer, try await peer.reply().status)
    }
}
