// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

/// Shows a value that rises and falls.
///
/// A copy is the same series: a pointer into memory that the ``Registry`` owns, valid as long as that registry lives.
/// The value is kept as a `Double`: integers are exact up to 2⁵³. Where the value can be read from a table, set it in an
/// `onScrape` hook rather than adding and subtracting, which drifts.
///
/// - Complexity: `set` is one atomic store, `add` a compare-and-exchange loop; nothing is allocated.
public struct Gauge: @unchecked Sendable {
    @usableFromInline let cell: Cell
    /// Which tenant of a dynamic slot this handle is for; 0 for a series that is never removed.
    @usableFromInline let generation: UInt32

    init(cell: Cell, generation: UInt32 = 0) {
        self.cell = cell
        self.generation = generation
    }

    /// Shows `value` from now on.
    @inlinable
    public func set(_ value: Double) {
        if generation != 0 { return setIfLive(value) }
        cell.pointee.store(value.bitPattern, ordering: .relaxed)
    }

    /// Shows `value` from now on; exact up to 2⁵³.
    @inlinable public func set(_ value: Int) { set(Double(value)) }

    /// Shows `value` from now on; exact up to 2⁵³.
    @inlinable public func set(_ value: Int64) { set(Double(value)) }

    /// Shows `value` from now on; exact up to 2⁵³.
    @inlinable public func set(_ value: UInt64) { set(Double(value)) }

    /// Shows 1 for true and 0 for false.
    @inlinable public func set(_ value: Bool) { set(value ? 1.0 : 0.0) }

    /// Changes the value by `amount`, which may be negative.
    package func add(_ amount: Double) {
        if generation != 0, !DynamicSlot.touch(cell, generation) { return }
        var seen = cell.pointee.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: seen) + amount).bitPattern
            let (exchanged, original) = cell.pointee.weakCompareExchange(
                expected: seen,
                desired: next,
                ordering: .relaxed
            )
            if exchanged { return }
            seen = original
        }
    }

    /// Changes the value by `amount`, which may be negative.
    package func add(_ amount: Int) { add(Double(amount)) }

    /// Changes the value by `amount`, which may be negative.
    package func add(_ amount: Int64) { add(Double(amount)) }

    /// The value now.
    package var value: Double {
        Double(bitPattern: cell.pointee.load(ordering: .relaxed))
    }

    @usableFromInline
    @inline(never)
    func setIfLive(_ value: Double) {
        guard DynamicSlot.touch(cell, generation) else { return }
        cell.pointee.store(value.bitPattern, ordering: .relaxed)
    }
}
