// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if os(Linux)
    import HubLoop
    import Testing

    @testable import gohub

    @Suite("Where the connections of a load come from")
    struct LoadSourceTests {
        @Test(
            "each hundred have an address of their own towards a hub on this machine",
            arguments: [
                (0, nil), (99, nil), (100, "127.0.0.2"), (199, "127.0.0.2"), (200, "127.0.0.3"),
                (25_399, "127.0.0.254"), (25_500, "127.0.1.0"), (999_999, "127.0.39.16"), (Int.max, nil),
            ] as [(Int, String?)]
        )
        func spread(number: Int, host: String?) {
            for server in ["127.0.0.1", "127.1.2.3"] {
                let source = LoadLoop.source(of: number, to: SocketAddress(host: server, port: 80))
                #expect(source == host.map { SocketAddress(host: $0, port: 0) })
            }
        }

        @Test("the system chooses towards any other", arguments: ["::1", "10.0.0.1", "192.0.2.127"])
        func other(host: String) {
            #expect(LoadLoop.source(of: 5000, to: SocketAddress(host: host, port: 80)) == nil)
        }
    }
#endif
