// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Many connections")
struct ManyConnectionsTests {
    @Test("two thousand clients that come and go leave every table empty")
    func tables() async throws {
        try await withServer {
            $0.settings.loops = 2
            $0.settings.maxConnectionsPerIP = 0
        } _: { server in
            try await Wave.run(server.peers, port: server.port, count: 2000, batch: 200)
            let left = await server.leftoversInTheEnd()
            #expect(left == nil)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_connections_opened_total") == 2000)
            #expect(page.sum(of: "gohub_connections_closed_total") == 2000)
            #expect(page.sum(of: "gohub_connections_rejected_total") == 0)
            #expect(page.value(of: "gohub_topic_operations_total", ["op": "subscribe"]) == 4000)
            #expect(page.value(of: "gohub_deliveries_written_total", ["scope": "topic"]) == 2000)
            #expect((page.value(of: "gohub_connections_peak") ?? 0) <= 400)
            for gauge in ["gohub_connections", "gohub_topics", "gohub_subscriptions", "gohub_topic_subscribers_max"] {
                #expect(page.value(of: gauge) == 0)
            }
        }
    }
}
