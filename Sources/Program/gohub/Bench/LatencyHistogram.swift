// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Durations counted in buckets one thirty-second apart, so that percentiles are right within 3 %.
struct LatencyHistogram {
    private static let subBits = 5
    private var counts = [UInt64](repeating: 0, count: (65 - subBits) << subBits)
    private(set) var total: UInt64 = 0
    private(set) var largest: UInt64 = 0

    mutating func observe(_ nanoseconds: UInt64, count: UInt64) {
        counts[Self.index(of: nanoseconds)] += count
        total += count
        largest = max(largest, nanoseconds)
    }

    /// The duration that a share of all do not exceed, nanoseconds; 0 when there are none.
    func percentile(_ share: Double) -> UInt64 {
        guard total > 0 else { return 0 }
        let wanted = UInt64((Double(total) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() where count > 0 {
            seen += count
            if seen >= wanted { return min(largest, Self.upperBound(of: index)) }
        }
        return largest
    }

    private static func index(of value: UInt64) -> Int {
        let magnitude = max(0, 63 - value.leadingZeroBitCount - subBits)
        return magnitude << subBits + Int(truncatingIfNeeded: value >> UInt64(magnitude))
    }

    private static func upperBound(of index: Int) -> UInt64 {
        guard index >= 2 << subBits else { return UInt64(index) }
        let magnitude = index >> subBits - 1
        let sub = UInt64(index - magnitude << subBits)
        // The last bucket ends where the numbers end.
        return (sub + 1) << UInt64(magnitude) &- 1
    }
}
