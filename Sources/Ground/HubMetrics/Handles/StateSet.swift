// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

/// Shows which of a closed set of states are on, one series a state.
///
/// - Complexity: One atomic operation; nothing is allocated.
public struct StateSet<S: MetricLabel>: @unchecked Sendable {
    @usableFromInline let cell: Cell

    init(cell: Cell) {
        self.cell = cell
    }

    /// Turns this state on and all others off.
    @inlinable
    public func set(_ state: S) {
        cell.pointee.store(1 &<< UInt64(state.ordinal), ordering: .relaxed)
    }

    /// Turns this state on or off and leaves the others.
    package func set(_ state: S, on: Bool) {
        let bit: UInt64 = 1 &<< UInt64(state.ordinal)
        if on {
            cell.pointee.bitwiseOr(bit, ordering: .relaxed)
        } else {
            cell.pointee.bitwiseAnd(~bit, ordering: .relaxed)
        }
    }

    /// Whether the state is on.
    package func isOn(_ state: S) -> Bool {
        cell.pointee.load(ordering: .relaxed) & (1 &<< UInt64(state.ordinal)) != 0
    }
}
