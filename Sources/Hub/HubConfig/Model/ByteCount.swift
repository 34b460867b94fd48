// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A number of bytes, so that no name and no number has to say its unit.
package struct ByteCount: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The bytes, 0 or more.
    package let bytes: Int

    /// Counts bytes; a negative number counts as 0.
    package init(_ bytes: Int) { self.bytes = max(0, bytes) }

    /// Counts by 1024 bytes; stops at the largest number there is.
    package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 10) }

    /// Counts by 1024 KiB; stops at the largest number there is.
    package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 20) }

    /// Counts by 1024 MiB; stops at the largest number there is.
    package static func gibibytes(_ count: Int) -> ByteCount { ByteCount(count, times: 1 << 30) }

    private init(_ count: Int, times unit: Int) {
        let product = count.multipliedReportingOverflow(by: unit)
        self.init(product.overflow ? (count < 0 ? 0 : .max) : product.partialValue)
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    /// The shortest exact form, as the configuration takes it: `1MiB`, `1500B`, `0B`.
    package var description: String {
        for unit in Self.units.reversed() where bytes >= unit.size && bytes % unit.size == 0 {
            return "\(bytes / unit.size)\(unit.name)"
        }
        return "0B"
    }

    /// The units that the configuration takes, by size.
    static let units: [(name: String, size: Int)] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
}
