// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension HubEnvironment {
    /// The system's clocks.
    package static let system = HubEnvironment(
        monotonicNanoseconds: { read(CLOCK_MONOTONIC, perSecond: 1_000_000_000, divisor: 1) },
        unixMilliseconds: { Int64(read(CLOCK_REALTIME, perSecond: 1_000, divisor: 1_000_000)) }
    )

    private static func read(_ clock: clockid_t, perSecond: UInt64, divisor: UInt64) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* perSecond &+ UInt64(time.tv_nsec) / divisor
    }
}
