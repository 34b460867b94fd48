// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Tells when the heap has so many free pages that it is worth giving them back.
///
/// What a process holds beyond the heap's blocks in use are its stacks and tables, free memory that lies between such
/// blocks, and free pages. Only the last can be given back, and nothing tells how many they are: they are what has come on
/// top of the least that was seen since the last trim.
struct HeapExcess {
    /// Free pages that are not worth a trim, and the share of what is in use that they may be besides.
    private static let keptBytes: UInt64 = 1 << 20
    private static let keptShare: UInt64 = 8

    /// The least excess since the last trim; nothing before the first, as it is not known what a trim gives back.
    private var least: UInt64 = 0

    /// Whether to trim now; all in bytes: the heap's blocks in use, and what the process has in RAM.
    mutating func isWorthTrimming(used: UInt64, resident: UInt64) -> Bool {
        let excess = Self.excess(used: used, resident: resident)
        least = min(least, excess)
        return excess - least > Self.keptBytes + used / Self.keptShare
    }

    /// To be told after a trim.
    mutating func trimmed(used: UInt64, resident: UInt64) {
        least = Self.excess(used: used, resident: resident)
    }

    /// Blocks that were never touched are in use without being in RAM.
    private static func excess(used: UInt64, resident: UInt64) -> UInt64 {
        resident > used ? resident - used : 0
    }
}
