// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// The clock that people and other machines go by, and the one beside it that is never set.
package enum WallClock {
    /// Milliseconds since 1970, negative before; what lies outside of 1677 to 2262 is the nearest end.
    @Sendable
    package static func unixMilliseconds() -> Int64 { milliseconds(nanoseconds: gohub_wall_clock()) }

    /// Microseconds since 1970.
    @Sendable
    package static func unixMicroseconds() -> Int64 { gohub_wall_clock() / 1000 }

    /// Nanoseconds that only grow, since some moment.
    package static func monotonicNanoseconds() -> UInt64 { gohub_monotonic_clock() }

    /// The millisecond that has begun, also before 1970.
    static func milliseconds(nanoseconds: Int64) -> Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }
}
