// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Counts values by size.
///
/// A copy is the same series: a pointer into memory that the ``Registry`` owns, valid as long as that registry lives.
/// A scrape sees each observation either whole or not at all: docs/registry.md has the proof.
///
/// - Complexity: One compare-and-exchange and two plain additions, a little more than an atomic add; nothing is
///   allocated. Where one thread observes often, a ``LocalHistogram`` costs a third of it.
public struct Histogram: @unchecked Sendable {
    @usableFromInline let core: UnsafeMutablePointer<HistogramCore>

    init(core: UnsafeMutablePointer<HistogramCore>) {
        self.core = core
    }

    /// Notes `count` observations of `value`.
    ///
    /// - Parameter value: In the buckets' integer unit: nanoseconds, bytes, or a plain number.
    @inlinable
    public func observe(_ value: UInt64, count: UInt64 = 1) {
        let bucket = core.pointee.search.index(of: value)
        let stripe = ThreadStripe.index()
        if core.pointee.add(value &* count, count, to: bucket, ofStripe: stripe) { return }
        addToNext(stripe, value &* count, count, to: bucket)
    }

    /// Goes through the stripes after one that was taken, until one is free.
    @usableFromInline
    @inline(never)
    func addToNext(_ stripe: Int, _ sum: UInt64, _ count: UInt64, to bucket: Int) {
        var stripe = stripe &+ 1
        while !core.pointee.add(sum, count, to: bucket, ofStripe: stripe) {
            stripe &+= 1
            // After a round in vain: whoever is inside may be waiting for this processor.
            if stripe & core.pointee.stripeMask == 0 { sched_yield() }
        }
    }

    /// Notes one observation of `value`, and may show this span with its bucket.
    ///
    /// - Parameter exemplar: Give one only where the span is sampled.
    package func observe(_ value: UInt64, exemplar: Exemplar, at time: Int64 = WallClock.unixMilliseconds()) {
        observe(value)
        attach(exemplar, to: value, at: time)
    }

    /// May show this span with the value's bucket, without counting: for values that a ``LocalHistogram`` counts.
    ///
    /// Ignored where the family was not registered with exemplars, where the bucket's exemplar is younger than 7 s, and
    /// where another thread is at it.
    package func attach(_ exemplar: Exemplar, to value: UInt64, at time: Int64 = WallClock.unixMilliseconds()) {
        guard let slots = core.pointee.exemplars else { return }
        slots[core.pointee.search.index(of: value)].offer(exemplar, value: value, now: time)
    }

    /// Shows what was observed elsewhere, from an `onScrape` hook; added to what ``observe(_:count:)`` counted.
    ///
    /// Values of which a bucket or the sum is below the one published before, or that have other buckets, are not taken
    /// and counted as refused updates.
    package func publish(_ values: HistogramValues) {
        core.pointee.publish(values)
    }
}

/// A histogram's memory: what never changes, the active half, and pointers to stripes and totals.
///
/// A stripe is a sequence word and two halves, each a sum and the buckets. An even word is free; odd, a writer is inside.
/// The scrape alone touches `totals`.
@usableFromInline
struct HistogramCore: ~Copyable {
    /// How many words after a stripe's sequence word the half begins that writers add to now.
    @usableFromInline let active: Atomic<Int>
    @usableFromInline let search: BucketSearch
    @usableFromInline let stripes: Cell
    @usableFromInline let stripeMask: Int
    /// The binary logarithm of a stripe's length in words.
    @usableFromInline let stripeShift: Int
    /// The sum and the buckets of all drained halves.
    let totals: UnsafeMutablePointer<UInt64>
    /// The sum and the buckets published.
    let published: UnsafeMutablePointer<UInt64>
    let publishing = Atomic<Bool>(false)
    let exemplars: UnsafeMutablePointer<ExemplarSlot>?
    let refusedUpdates: Cell

    /// How many words a half has.
    var halfWords: Int { search.last + 2 }

    /// How many words a stripe has: the sequence word and two halves, in whole pairs of cache lines.
    static func stripeShift(buckets: Int) -> Int {
        let words = 1 + 2 * (1 + buckets)
        return max(4, Int.bitWidth - (words - 1).leadingZeroBitCount)
    }

    init(
        search: BucketSearch,
        stripes: Cell,
        stripeCount: Int,
        totals: UnsafeMutablePointer<UInt64>,
        published: UnsafeMutablePointer<UInt64>,
        exemplars: UnsafeMutablePointer<ExemplarSlot>?,
        refusedUpdates: Cell
    ) {
        self.active = Atomic(1)
        self.search = search
        self.stripes = stripes
        self.stripeMask = stripeCount - 1
        self.stripeShift = Self.stripeShift(buckets: search.last + 1)
        self.totals = totals
        self.published = published
        self.exemplars = exemplars
        self.refusedUpdates = refusedUpdates
    }

    @inlinable
    @inline(__always)
    func sequence(ofStripe index: Int) -> Cell {
        stripes + ((index & stripeMask) &<< stripeShift)
    }

    /// Adds to a bucket, unless another writer is in this stripe; returns whether it did.
    @inlinable
    @inline(__always)
    func add(_ sum: UInt64, _ count: UInt64, to bucket: Int, ofStripe index: Int) -> Bool {
        let sequence = sequence(ofStripe: index)
        let seen = sequence.pointee.load(ordering: .relaxed)
        guard seen & 1 == 0 else { return false }
        let (entered, _) = sequence.pointee.compareExchange(
            expected: seen,
            desired: seen &+ 1,
            ordering: .sequentiallyConsistent
        )
        guard entered else { return false }
        // The stripe is ours: the scrape waits for us in the half that we find active now.
        let half = active.load(ordering: .sequentiallyConsistent)
        let cells = UnsafeMutableRawPointer(sequence + half).assumingMemoryBound(to: UInt64.self)
        cells[0] &+= sum
        cells[1 &+ bucket] &+= count
        sequence.pointee.store(seen &+ 2, ordering: .releasing)
        return true
    }

    /// Adds what writers left in the active half to the totals, and makes the other one active.
    ///
    /// One thread at a time: under the registry's scrape lock.
    func drain() {
        let old = active.load(ordering: .relaxed)
        active.store(halfWords + 2 - old, ordering: .sequentiallyConsistent)
        for index in 0...stripeMask {
            let word = sequence(ofStripe: index)
            let seen = word.pointee.load(ordering: .sequentiallyConsistent)
            if seen & 1 == 1 {
                // A writer is inside, perhaps in the old half. Any later one has seen the new half.
                while word.pointee.load(ordering: .sequentiallyConsistent) == seen { sched_yield() }
            }
            let cells = UnsafeMutableRawPointer(word + old).assumingMemoryBound(to: UInt64.self)
            for cell in 0..<halfWords {
                totals[cell] &+= cells[cell]
                cells[cell] = 0
            }
        }
    }

    /// Waits its turn, then runs `body` with the published values to itself.
    func withPublished<R>(_ body: (UnsafeMutablePointer<UInt64>) -> R) -> R {
        while publishing.exchange(true, ordering: .acquiring) { sched_yield() }
        defer { publishing.store(false, ordering: .releasing) }
        return body(published)
    }

    /// Drains, and adds up all that was observed and published.
    ///
    /// One thread at a time: under the registry's scrape lock.
    func snapshot(_ values: inout HistogramValues) {
        drain()
        withPublished { published in
            for index in values.buckets.indices { values.buckets[index] = totals[1 + index] &+ published[1 + index] }
            values.sum = totals[0] &+ published[0]
        }
    }

    /// Whether anything was observed before the last scrape, or published.
    var hasTotals: Bool {
        withPublished { published in
            for cell in 1..<halfWords where totals[cell] &+ published[cell] > 0 { return true }
            return false
        }
    }

    func publish(_ values: HistogramValues) {
        guard values.buckets.count == search.last + 1 else {
            return RefusedUpdate.count(.mismatched, in: refusedUpdates)
        }
        let taken = withPublished { cells in
            guard values.sum >= cells[0] else { return false }
            for (index, value) in values.buckets.enumerated() where value < cells[1 + index] { return false }
            cells[0] = values.sum
            for (index, value) in values.buckets.enumerated() { cells[1 + index] = value }
            return true
        }
        if !taken { RefusedUpdate.count(.decreasing, in: refusedUpdates) }
    }
}
