// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Collects observations on one thread, for a hook to publish at the next scrape.
///
/// No atomics: it belongs to one loop or lock. A value: a copy is independent, and copies 300 bytes.
///
/// - Complexity: An observation is a bucket search and two additions, 1 to 2 ns, and never allocates.
public struct LocalHistogram: Sendable {
    /// How many buckets it has room for, `+Inf` included.
    package static let maximumBuckets = 32

    /// The bounds observed against.
    package let buckets: Buckets
    @usableFromInline let search: BucketSearch
    @usableFromInline var sum: UInt64 = 0
    /// A count a bucket, as many as there are.
    @usableFromInline var counts: [32 of UInt64] = .init(repeating: 0)

    /// An empty one.
    ///
    /// - Precondition: At most 31 bounds.
    package init(_ buckets: Buckets) {
        precondition(buckets.count <= Self.maximumBuckets, "a local histogram has room for 31 bounds")
        self.buckets = buckets
        self.search = BucketSearch(buckets.table)
    }

    /// Notes `count` observations of `value`.
    ///
    /// - Parameter value: In the buckets' integer unit: nanoseconds, bytes, or a plain number.
    @inlinable
    public mutating func observe(_ value: UInt64, count: UInt64 = 1) {
        // Compiled out for the benchmark that measures what observing costs.
        #if !GOHUB_WITHOUT_METRICS
            // Within bounds: the search ends at the last bucket.
            counts[unchecked: search.index(of: value)] &+= count
            sum &+= value &* count
        #endif
    }

    /// What was observed so far.
    package var values: HistogramValues {
        var values = HistogramValues(buckets)
        values.add(self)
        return values
    }

    /// Forgets all observations.
    package mutating func reset() {
        counts = .init(repeating: 0)
        sum = 0
    }
}

/// A bucket search without the reference that keeps its table alive.
@usableFromInline
struct BucketSearch: @unchecked Sendable {
    @usableFromInline let bounds: UnsafePointer<UInt64>
    @usableFromInline let starts: UnsafePointer<UInt8>
    /// The index of the bucket of `+Inf`.
    let last: Int

    init(_ table: BucketTable) {
        self.bounds = table.bounds
        self.starts = table.starts
        self.last = table.count - 1
    }

    @inlinable
    @inline(__always)
    func index(of value: UInt64) -> Int {
        BucketTable.index(of: value, bounds: bounds, starts: starts)
    }
}

/// A histogram's counts at one moment.
package struct HistogramValues: Sendable, Equatable {
    /// How many fell into each bucket, not cumulated; the last is `+Inf`.
    package var buckets: [UInt64]
    /// The sum of all values, in their integer unit.
    package var sum: UInt64

    /// None observed yet.
    package init(_ buckets: Buckets) {
        self.buckets = Array(repeating: 0, count: buckets.count)
        self.sum = 0
    }

    /// These counts.
    package init(buckets: [UInt64], sum: UInt64) {
        self.buckets = buckets
        self.sum = sum
    }

    /// How many were observed.
    package var count: UInt64 { buckets.reduce(0, &+) }

    /// Adds what another of the same buckets has; one of other buckets is not added.
    ///
    /// - Returns: Whether it was added.
    @discardableResult
    package mutating func add(_ other: HistogramValues) -> Bool {
        guard other.buckets.count == buckets.count else { return false }
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
        sum &+= other.sum
        return true
    }

    /// Adds what a loop has observed; one of other buckets is not added.
    ///
    /// - Returns: Whether it was added.
    @discardableResult
    package mutating func add(_ other: LocalHistogram) -> Bool {
        guard other.buckets.count == buckets.count else { return false }
        for index in buckets.indices { buckets[index] &+= other.counts[index] }
        sum &+= other.sum
        return true
    }
}
