// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

/// Counts what happened; it only grows.
///
/// A copy is the same series: the handle is 16 bytes around a pointer into memory that the ``Registry`` owns, and is
/// valid as long as that registry lives. A counter made by `secondsCounter` counts nanoseconds and is shown in seconds.
///
/// - Complexity: One atomic add; nothing is allocated or reference-counted.
public struct Counter: @unchecked Sendable {
    @usableFromInline let cell: Cell
    /// Which tenant of a dynamic slot this handle is for; 0 for a series that is never removed.
    @usableFromInline let generation: UInt32
    /// The child's place in its family's slab.
    @usableFromInline let index: UInt16
    /// One less than the number of stripes.
    @usableFromInline let stripeMask: UInt8
    /// Whether the family keeps exemplars.
    @usableFromInline let hasExemplar: Bool

    /// A child of a static family.
    init(cell: Cell, index: Int, stripes: Int, hasExemplar: Bool) {
        self.cell = cell
        self.generation = 0
        self.index = UInt16(truncatingIfNeeded: index)
        self.stripeMask = UInt8(truncatingIfNeeded: stripes - 1)
        self.hasExemplar = hasExemplar
    }

    /// The tenant of a dynamic slot.
    init(slot: Cell, generation: UInt32) {
        self.cell = slot
        self.generation = generation
        self.index = 0
        self.stripeMask = 0
        self.hasExemplar = false
    }

    /// Counts `amount` more.
    ///
    /// - Parameter amount: In the counter's integer unit: occurrences, bytes, or nanoseconds for a seconds counter.
    @inlinable
    public func increment(by amount: UInt64 = 1) {
        if generation != 0 {
            incrementIfLive(by: amount)
        } else if stripeMask == 0 {
            cell.pointee.wrappingAdd(amount, ordering: .relaxed)
        } else {
            stripe(ThreadStripe.index() & Int(stripeMask)).pointee.wrappingAdd(amount, ordering: .relaxed)
        }
    }

    /// Counts `amount` more, and may show this span with the counter.
    ///
    /// Give one only where the span is sampled. Ignored where the family was not registered with exemplars, where the
    /// exemplar shown is younger than 7 s, and where another thread is at it.
    package func increment(
        by amount: UInt64 = 1,
        exemplar: Exemplar,
        at time: Int64 = WallClock.unixMilliseconds()
    ) {
        increment(by: amount)
        guard hasExemplar else { return }
        CounterBlock.exemplars(of: self)[Int(index)].offer(exemplar, value: amount, now: time)
    }

    /// Sets the total that was counted elsewhere, from an `onScrape` hook.
    ///
    /// A total below the one already shown is not taken, as a counter never goes back, and is counted as a refused
    /// update. Do not mix with ``increment(by:)`` on the same series.
    package func publish(_ total: UInt64) {
        if generation != 0, !DynamicSlot.touch(cell, generation) { return }
        let shown = cell.pointee.max(total, ordering: .relaxed).oldValue
        if shown > total { RefusedUpdate.count(.decreasing, in: refusedUpdates) }
    }

    /// The total now, in the counter's integer unit; concurrent increments may or may not be in it.
    package var value: UInt64 {
        var sum: UInt64 = 0
        for index in 0...Int(stripeMask) { sum &+= stripe(index).pointee.load(ordering: .relaxed) }
        return sum
    }

    @inlinable
    @inline(__always)
    func stripe(_ index: Int) -> Cell {
        cell + index &* (ThreadStripe.bytes / 8)
    }

    @usableFromInline
    @inline(never)
    func incrementIfLive(by amount: UInt64) {
        guard DynamicSlot.touch(cell, generation) else { return }
        cell.pointee.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Where this registry counts refused updates.
    private var refusedUpdates: Cell {
        generation != 0 ? DynamicSlot.refusedUpdates(of: cell) : CounterBlock.refusedUpdates(of: self)
    }
}
