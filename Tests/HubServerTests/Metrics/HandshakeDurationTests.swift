// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubServer
import HubTesting
import Testing

@Suite("Duration of handshakes")
struct HandshakeDurationTests {
    @Test("what a client waited before its request is not in it")
    func fromTheRequest() async throws {
        let clock = VirtualClock()
        try await withServer {
            $0.clock = clock
        } _: { server in
            let (accepted, rejected) = (try await server.connect(), try await server.connect())
            try await server.eventually("two connections") { $0.httpConnections == 2 }
            clock.advance(by: .seconds(5))
            let peer = try await upgrade(accepted)
            rejected.request("/ws")
            #expect(try await rejected.reply().status >= 400)
            let page = try await server.scrape()
            for result in ["ok", "rejected"] {
                #expect(page.value(of: "gohub_handshake_duration_seconds_count", ["result": result]) == 1)
                #expect(page.value(of: "gohub_handshake_duration_seconds_sum", ["result": result]) == 0)
            }
            withExtendedLifetime(peer) {}
        }
    }
}
