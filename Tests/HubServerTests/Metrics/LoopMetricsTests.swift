// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import HubServer
import HubTesting
import Testing

@Suite("Metrics of loops")
struct LoopMetricsTests {
    @Test("each loop tells its own connections, its own time, and its wait for a core")
    func perLoop() async throws {
        try await withServer {
            $0.settings.loops = 2
            $0.handlers = ["loop": LoopHandler()]
        } _: { server in
            let (one, other) = try await clientsOnDifferentLoops(server)
            for client in [one, other] { #expect(try await client.ask("ping", "1").type == "pong") }
            let page = try await server.scrape()
            let loops = ["0", "1"]
            let connections = loops.map { page.value(of: "gohub_event_loop_connections", ["loop": $0]) ?? 0 }
            #expect(connections.allSatisfy { $0 >= 1 })
            #expect(connections.reduce(0, +) == page.value(of: "gohub_connections"))
            for loop in loops {
                #expect(page.value(of: "gohub_event_loop_busy_seconds_total", ["loop": loop]) ?? 0 > 0)
                #expect(page.value(of: "gohub_event_loop_waiting_seconds_total", ["loop": loop]) != nil)
            }
            #expect(page.value(of: "gohub_event_loops") == 2)
            #expect(page.value(of: "gohub_connections_accepted_total") ?? 0 >= 2)
        }
    }

    #if os(Linux)
        @Test("the kernel knows the thread of a loop that runs")
        func thread() async throws {
            try await withServer { server in
                let thread = try await eventually("the thread") { server.server.loops[0].systemThread }
                #expect(thread > 1)
            }
        }
    #endif

    @Test("limits, policy and name of the node are on the page as they are set")
    func settings() async throws {
        try await withServer {
            $0.settings.maxConnections = 77
            $0.settings.maxConnectionsPerIP = 0
            $0.hub.slowClientPolicy = .dropOldest
            $0.hub.nodeID = "node-7"
            $0.hub.maxTopics = 12
        } _: { server in
            let page = try await server.scrape(.text)
            #expect(page.value(of: "gohub_limit", ["limit": "server.max_connections"]) == 77)
            #expect(page.value(of: "gohub_limit", ["limit": "server.max_connections_per_ip"]) == 0)
            #expect(page.value(of: "gohub_limit", ["limit": "hub.max_topics"]) == 12)
            #expect(page.value(of: "gohub_limit", ["limit": "hub.message_buffer_cap"]) == 256)
            #expect(page.value(of: "gohub_node_info", ["node": "node-7"]) == 1)
            #expect(page.value(of: "gohub_slow_client_policy_info", ["policy": "drop_oldest"]) == 1)
        }
    }

    @Test("a scrape is not among the requests in flight that it tells")
    func inFlight() async throws {
        try await withServer { server in
            let reply = try await server.get("/metrics", headers: [patient])
            let page = try Exposition(parsing: reply.body, as: .text)
            #expect(page.value(of: "gohub_http_inflight_requests") == 0)
            #expect(page.value(of: "gohub_http_connections") == 1)
        }
    }
}
