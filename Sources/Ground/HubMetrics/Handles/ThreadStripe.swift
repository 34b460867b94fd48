// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Picks the stripe a thread writes to, so that threads seldom share a cache line.
///
/// Every stripe is correct for every thread: a choice that is not the best is only slower.
@usableFromInline
enum ThreadStripe {
    /// How many bytes one stripe of a counter takes: two cache lines, as the prefetcher fetches them in pairs.
    @usableFromInline static let bytes = 128

    /// How many stripes a hot series has; a power of two, at most 16.
    @usableFromInline static let hot = 16

    /// A number from 0 through 15 that spreads over living threads and seldom changes within one.
    ///
    /// Taken from where the thread's stack is, in steps of 64 KiB: no two threads are within the same, and it costs an
    /// instruction where asking for the thread would cost a call.
    @inlinable
    @inline(__always)
    static func index() -> Int {
        var local: UInt8 = 0
        // The unprotected form, as nothing is written there: the other has the caller check its stack.
        let address = _withUnprotectedUnsafeMutablePointer(to: &local) { UInt64(UInt(bitPattern: $0)) }
        // The parentheses matter: `>>` binds tighter than `&*`, but nobody remembers that.
        return Int(truncatingIfNeeded: ((address >> 16) &* 0x9E37_79B9_7F4A_7C15) >> 60)
    }
}
