// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubMetrics

@Suite("The wall clock")
struct WallClockTests {
    @Test(
        "the millisecond is the one that has begun, before 1970 as after",
        arguments: [
            (0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-1_000_000, -1), (-1_000_001, -2),
            (.max, 9_223_372_036_854), (.min, -9_223_372_036_855),
        ] as [(Int64, Int64)]
    )
    func milliseconds(nanoseconds: Int64, milliseconds: Int64) {
        #expect(WallClock.milliseconds(nanoseconds: nanoseconds) == milliseconds)
    }

    @Test("tells a time of this century")
    func now() { #expect(WallClock.unixMilliseconds() > 1_700_000_000_000) }
}
