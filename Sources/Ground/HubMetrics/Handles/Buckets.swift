// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The upper bounds of a histogram's buckets, in the integers that are observed, and how they are shown.
///
/// Cheap to copy: one reference. Bounds rise strictly; `+Inf` is added by itself.
package struct Buckets: Sendable {
    let table: BucketTable

    private init(_ table: BucketTable) {
        self.table = table
    }

    /// Durations from a microsecond, for what happens inside the process; observed in nanoseconds.
    package static let microseconds = Buckets.custom(
        seconds: [
            1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        ]
    )

    /// Durations from a tenth of a millisecond, for what crosses a network; observed in nanoseconds.
    package static let milliseconds = Buckets.custom(
        seconds: [1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    )

    /// Message sizes, 64 B to 1 MiB; observed in bytes.
    package static let sizes = Buckets.custom([64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576], unit: .bytes)

    /// How many of something, 1 to 100 000; observed as plain numbers.
    package static let counts = Buckets.custom(
        [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 100_000],
        unit: .none
    )

    /// Durations bounded by these seconds, observed in nanoseconds.
    ///
    /// - Precondition: 1 to 100 bounds of at least a nanosecond, rising strictly.
    package static func custom(seconds: [Double]) -> Buckets {
        let bounds = seconds.map { second -> UInt64 in
            precondition(second >= 1e-9 && second < 1e9, "a bucket's bound must be 1 ns to 1e9 s, not \(second)")
            return UInt64((second * 1e9).rounded())
        }
        return Buckets(BucketTable(bounds: bounds, unit: .seconds))
    }

    /// Whole numbers bounded by these, observed as they are.
    ///
    /// - Parameter unit: `.bytes`, `.none` or another that counts in whole numbers; `.seconds` bounds are nanoseconds.
    /// - Precondition: 1 to 100 bounds, rising strictly.
    package static func custom(_ bounds: [UInt64], unit: MetricUnit) -> Buckets {
        Buckets(BucketTable(bounds: bounds, unit: unit))
    }

    /// How many buckets there are, `+Inf` included.
    package var count: Int { table.count }

    /// The unit that values are shown in; seconds are observed as nanoseconds.
    package var unit: MetricUnit { table.unit }

    /// The upper bounds in the unit shown, without `+Inf`.
    package var bounds: [Double] { (0..<(table.count - 1)).map(table.shownBound) }

    /// Which bucket a value falls into, 0 through `count - 1`.
    package func index(of value: UInt64) -> Int {
        BucketTable.index(of: value, bounds: table.bounds, starts: table.starts)
    }
}

extension Buckets: Equatable {
    package static func == (one: Buckets, other: Buckets) -> Bool {
        one.table === other.table || (one.unit == other.unit && one.bounds == other.bounds)
    }
}

/// The bounds in memory that a search can walk without a check.
///
/// A search begins at the first bound that has as many binary digits as the value, so it takes a step or two however many
/// bounds there are; the last bound is the greatest integer, where every search ends.
@usableFromInline
final class BucketTable: @unchecked Sendable {
    let count: Int
    let unit: MetricUnit
    let bounds: UnsafePointer<UInt64>
    let starts: UnsafePointer<UInt8>

    init(bounds list: [UInt64], unit: MetricUnit) {
        precondition(!list.isEmpty && list.count <= 100, "a histogram has 1 to 100 bounds, not \(list.count)")
        precondition(zip(list, list.dropFirst()).allSatisfy(<), "a histogram's bounds rise strictly: \(list)")
        precondition(list[list.count - 1] < .max, "a histogram's last bound is below the greatest integer")
        self.count = list.count + 1
        self.unit = unit
        let bounds = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        bounds.initialize(from: list, count: list.count)
        bounds[list.count] = .max
        let starts = UnsafeMutablePointer<UInt8>.allocate(capacity: 65)
        for digits in 0...64 {
            let least: UInt64 = digits == 0 ? 0 : 1 << UInt64(digits - 1)
            starts[digits] = UInt8(list.firstIndex { $0 >= least } ?? list.count)
        }
        self.bounds = UnsafePointer(bounds)
        self.starts = UnsafePointer(starts)
    }

    deinit {
        bounds.deallocate()
        starts.deallocate()
    }

    /// The bound in the unit shown.
    ///
    /// The quotient of two exact doubles is the double nearest to the decimal meant.
    func shownBound(_ index: Int) -> Double {
        unit == .seconds ? Double(bounds[index]) / 1e9 : Double(bounds[index])
    }

    /// The first bucket whose bound is not below the value.
    @inlinable
    @inline(__always)
    static func index(of value: UInt64, bounds: UnsafePointer<UInt64>, starts: UnsafePointer<UInt8>) -> Int {
        var index = Int(starts[64 &- value.leadingZeroBitCount])
        while value > bounds[index] { index &+= 1 }
        return index
    }
}
