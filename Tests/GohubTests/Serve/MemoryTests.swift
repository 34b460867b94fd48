// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if os(Linux)
    import HubTesting
    import Testing

    @testable import gohub

    @Suite("Memory")
    struct MemoryTests {
        /// A process of its own: nobody else's memory is in the figure.
        @Test("is back within a tenth after as many clients have come and gone as before")
        func rounds() async throws {
            _ = FileLimit.raise()
            let (process, port) = try await Program.serve([
                "--server-max-connections-per-ip", "0", "--hub-ping-interval", "10m", "--server-read-timeout",
                "1h", "--server-loops", "2",
            ])
            let peers = try PeerLoop()
            var resident: [UInt64] = []
            for round in 1...3 {
                try await Wave.run(peers, port: port, count: 3000, batch: 200)
                _ = try await eventually("empty tables") { () -> Bool? in
                    let reply = try await LoopbackHTTP.get(port: port, "/metrics", within: .seconds(60))
                    let page = try Exposition(parsing: reply.body, as: .text)
                    let isEmpty = ["gohub_connections", "gohub_topics", "gohub_subscriptions"].allSatisfy {
                        page.value(of: $0) == 0
                    }
                    let opened = page.value(of: "gohub_connections_opened_total")
                    return isEmpty && opened == Double(round * 3000) ? true : nil
                }
                resident.append(try #require(ProcessUsage(Int(process.pid))).resident)
            }
            #expect(resident[2] < resident[1] + resident[1] / 10, "after each round: \(resident)")
            process.signal(15)
            #expect(try await process.waitUntilEnded() == .exited(0))
            try await Blocking.run { peers.stop() }
        }
    }
#endif
