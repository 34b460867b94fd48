// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The four cells of a series that can be removed: value, tenant, touched, and where refused updates are counted.
///
/// A slot is never freed before the registry, so a handle kept too long is harmless: its generation is no longer the
/// slot's tenant, and the update is counted as refused. A slot rests for two scrapes before it is let again; as an
/// update is a check and, a few instructions later, a store, a thread would have to stand between the two for as long
/// as two scrapes to write into the next tenant.
enum DynamicSlot {
    static let cells = 4
    private static let tenant = 1
    private static let touched = 2
    private static let refused = 3

    /// Makes the slot ready for its first tenant.
    static func prepare(_ slot: Cell, refusedUpdates: Cell) {
        (slot + refused).pointee.store(UInt64(UInt(bitPattern: refusedUpdates)), ordering: .relaxed)
    }

    /// Lets the slot: value 0, touched.
    static func occupy(_ slot: Cell, generation: UInt32) {
        slot.pointee.store(0, ordering: .relaxed)
        (slot + touched).pointee.store(1, ordering: .relaxed)
        (slot + tenant).pointee.store(UInt64(generation), ordering: .releasing)
    }

    /// Ends the tenancy; updates by its handle are refused from now on.
    static func vacate(_ slot: Cell) {
        (slot + tenant).pointee.store(0, ordering: .releasing)
    }

    /// Whether the handle's tenant still has the slot; if so, notes that it was updated, else counts the refusal.
    @inline(__always)
    static func touch(_ slot: Cell, _ generation: UInt32) -> Bool {
        guard (slot + tenant).pointee.load(ordering: .relaxed) == UInt64(generation) else {
            RefusedUpdate.count(.removed, in: refusedUpdates(of: slot))
            return false
        }
        (slot + touched).pointee.store(1, ordering: .relaxed)
        return true
    }

    /// Whether the slot was updated since this was last asked.
    static func wasTouched(_ slot: Cell) -> Bool {
        (slot + touched).pointee.exchange(0, ordering: .relaxed) != 0
    }

    static func refusedUpdates(of slot: Cell) -> Cell {
        let word = (slot + refused).pointee.load(ordering: .relaxed)
        return Cell(bitPattern: UInt(truncatingIfNeeded: word)).unsafelyUnwrapped
    }
}
