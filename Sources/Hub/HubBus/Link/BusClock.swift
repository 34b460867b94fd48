// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The time, which tests can hold.
package struct BusClock: Sendable {
    /// Nanoseconds that never go back.
    package var monotonic: @Sendable () -> UInt64
    /// The wall clock, microseconds since 1970.
    package var unixMicroseconds: @Sendable () -> Int64

    /// Makes one from two clocks.
    package init(
        monotonic: @escaping @Sendable () -> UInt64,
        unixMicroseconds: @escaping @Sendable () -> Int64
    ) {
        self.monotonic = monotonic
        self.unixMicroseconds = unixMicroseconds
    }

    /// The system's clocks.
    package static let system = BusClock(
        monotonic: { WallClock.monotonicNanoseconds() },
        unixMicroseconds: { WallClock.unixMicroseconds() }
    )
}
