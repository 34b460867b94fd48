// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells the time to a loop and its timers, so that tests can turn the hands themselves.
package protocol MonotonicClock: Sendable {
    /// The present moment; never earlier than one told before.
    func now() -> MonotonicTime
}

/// The machine's monotonic clock, which is not set back and not set forward.
///
/// - Complexity: One `clock_gettime`, about 20 ns.
package struct SystemClock: MonotonicClock {
    /// Makes a clock; all of them tell the same time.
    package init() {}

    /// The time since an unspecified start, usually that of the machine.
    package func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }
}
