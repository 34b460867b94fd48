// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Ways to cut an input into the pieces in which it might arrive.
package enum FuzzCuts {
    /// All in one piece, byte by byte, and two ways that the input itself chooses.
    package static func plans(for bytes: UnsafeRawBufferPointer) -> [[Int]] {
        let count = bytes.count
        guard count > 1 else { return [[count]] }
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return [[count], Array(repeating: 1, count: count)]
            + [7, 61].map { largest in
                var sizes: [Int] = []
                var left = count
                while left > 0 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let size = min(left, 1 + Int(state >> 33) % largest)
                    sizes.append(size)
                    left -= size
                }
                return sizes
            }
    }
}
