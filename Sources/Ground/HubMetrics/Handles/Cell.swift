// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

/// One 64-bit word that a series is counted in.
@usableFromInline typealias Cell = UnsafeMutablePointer<Atomic<UInt64>>

/// Memory for cells that lives until its owner is gone, whatever handles still point into it.
final class CellSlab: @unchecked Sendable {
    /// The first cell, aligned to 128 bytes.
    let base: Cell
    private let count: Int

    /// Takes `count` cells, all 0.
    init(count: Int) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 8, alignment: ThreadStripe.bytes)
        self.base = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        self.count = count
        for index in 0..<count { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count)
        UnsafeMutableRawPointer(base).deallocate()
    }
}

/// Why an update was not taken.
///
/// Counted a registry, and shown as `gohub_metrics_updates_refused_total`; each of them is a fault in the program.
package enum RefusedUpdate: Int, MetricLabel {
    /// The series was removed before.
    case removed
    /// A published total was lower than the one before.
    case decreasing
    /// Published histogram values had other buckets than the family.
    case mismatched

    package static var labelName: String { "reason" }

    package var labelValue: String {
        switch self {
        case .removed: "removed"
        case .decreasing: "decreasing"
        case .mismatched: "mismatched"
        }
    }

    /// Counts one, in the cells that a registry keeps for its refused updates.
    @usableFromInline
    static func count(_ reason: RefusedUpdate, in cells: Cell) {
        (cells + reason.rawValue).pointee.wrappingAdd(1, ordering: .relaxed)
    }
}
