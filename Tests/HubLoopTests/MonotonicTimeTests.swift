// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Testing

@Suite("Monotonic time")
struct MonotonicTimeTests {
    @Test("adds and subtracts durations of either sign")
    func adds() {
        let time = MonotonicTime(nanoseconds: 5_000)
        #expect((time + .microseconds(1)).nanoseconds == 6_000)
        #expect((time + .microseconds(-1)).nanoseconds == 4_000)
        #expect((time - .microseconds(1)).nanoseconds == 4_000)
        #expect((time - .microseconds(-1)).nanoseconds == 6_000)
        #expect(time.duration(to: time + .seconds(3)) == .seconds(3))
        #expect(time + .seconds(3) - time == .seconds(3))
        #expect(time - (time + .seconds(3)) == .seconds(-3))
        #expect(time.nanoseconds(since: MonotonicTime(nanoseconds: 4_999)) == 1)
        #expect(time.nanoseconds(since: MonotonicTime(nanoseconds: 5_001)) == 0)
    }

    @Test("stops at its ends instead of overflowing")
    func saturates() {
        let huge = Duration.seconds(Int64.max)
        #expect((MonotonicTime(nanoseconds: 1) + huge).nanoseconds == .max)
        #expect((MonotonicTime(nanoseconds: 1) - huge).nanoseconds == 0)
        #expect(huge.wholeNanoseconds == .max)
        #expect(Duration.seconds(-1).wholeNanoseconds == 0)
        #expect(Duration.nanoseconds(-1).wholeNanoseconds == 0)
        #expect(Duration.milliseconds(1500).wholeNanoseconds == 1_500_000_000)
        #expect(Duration(wholeNanoseconds: .max).wholeNanoseconds == .max)
        let all = MonotonicTime(nanoseconds: 0).duration(to: MonotonicTime(nanoseconds: .max))
        #expect(all.wholeNanoseconds == .max)
    }

    @Test("the system's clock does not go back")
    func systemClockMovesOn() {
        let clock = SystemClock()
        let first = clock.now()
        #expect(clock.now() >= first)
        #expect(first.nanoseconds > 0)
    }

    @Test("the virtual clock moves only when told, and never back")
    func virtualClockStands() {
        let clock = VirtualClock()
        let first = clock.now()
        #expect(clock.now() == first)
        clock.advance(by: .seconds(60))
        #expect(first.duration(to: clock.now()) == .seconds(60))
        clock.advance(by: .seconds(-5))
        #expect(first.duration(to: clock.now()) == .seconds(60))
    }
}
