// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The four bytes with which a client's payload is combined, eight bytes a step.
enum WebSocketMask {
    /// Combines `bytes` with the mask in place; masking twice gives the bytes back.
    ///
    /// - Parameter mask: The key, its first byte lowest.
    /// - Complexity: O(count), without regard to alignment.
    @inline(__always)
    static func apply(_ mask: UInt32, to base: UnsafeMutableRawPointer, count: Int) {
        let wide = UInt64(truncatingIfNeeded: mask) << 32 | UInt64(truncatingIfNeeded: mask)
        let word = UInt64(littleEndian: wide)
        var index = 0
        while count - index >= 8 {
            let value = base.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
            base.storeBytes(of: value, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        var rest = wide
        while index < count {
            let value = base.load(fromByteOffset: index, as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
            base.storeBytes(of: value, toByteOffset: index, as: UInt8.self)
            rest >>= 8
            index += 1
        }
    }

    /// The mask for the bytes that follow the first `count`.
    @inline(__always)
    static func advance(_ mask: UInt32, by count: Int) -> UInt32 {
        let shift = UInt32(truncatingIfNeeded: count & 3) * 8
        return mask &>> shift | mask &<< ((32 &- shift) & 31)
    }
}
