// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    public import Glibc
#elseif canImport(Darwin)
    public import Darwin
#endif

/// Picks the stripe a thread writes to, so that threads seldom share a cache line.
///
/// A wrong or stale answer is only a slower one: every stripe is correct for every thread.
@usableFromInline
enum ThreadStripe {
    /// How many bytes one stripe of a counter takes: two cache lines, as the prefetcher fetches them in pairs.
    @usableFromInline static let bytes = 128

    /// How many stripes a hot series has; a power of two, at most 16.
    @usableFromInline static let hot = 16

    /// A number from 0 through 15 that spreads over living threads.
    @inlinable
    @inline(__always)
    static func index() -> Int {
        #if canImport(Darwin)
            let token = UInt64(UInt(bitPattern: pthread_self()))
        #else
            let token = UInt64(pthread_self())
        #endif
        // The parentheses matter: `>>` binds tighter than `&*`, but nobody remembers that.
        return Int(truncatingIfNeeded: ((token >> 12) &* 0x9E37_79B9_7F4A_7C15) >> 60)
    }
}
