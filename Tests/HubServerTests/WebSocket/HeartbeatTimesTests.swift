// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@testable import HubServer

@Suite("Times of heartbeats")
struct HeartbeatTimesTests {
    @Test(
        "looks lie at most a sixty-fourth of the ping interval apart, and at most 268 ms",
        arguments: [
            (0, 1), (1, 1), (63, 1), (64, 1), (127, 1), (128, 2), (700_000_000, 1 << 23), (25_000_000_000, 1 << 28),
            (.max, 1 << 28),
        ] as [(UInt64, UInt64)]
    )
    func step(interval: UInt64, expected: UInt64) {
        #expect(HeartbeatTimes.gridStep(pingInterval: interval) == expected)
    }

    @Test("looks fall together, never before their time")
    func point() {
        var settings = ServerSettings()
        settings.pingInterval = .seconds(25)
        let times = HeartbeatTimes(settings)
        let step: UInt64 = 1 << 28
        #expect(times.point(1, after: 0).nanoseconds == step)
        #expect(times.point(step, after: 0).nanoseconds == step)
        #expect(times.point(step, after: 1).nanoseconds == 2 * step)
        #expect(times.point(.max, after: 1).nanoseconds == .max)
        #expect(times.point(.max - 1, after: 0).nanoseconds == .max)
    }
}
