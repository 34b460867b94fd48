// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The series of one name, one a case of `L`; all exist at 0 from registration on.
///
/// A copy is the same family; valid as long as the registry lives.
///
/// - Complexity: The subscript reads one handle from a table.
public struct Family<Handle: Sendable, L: MetricLabel>: @unchecked Sendable {
    @usableFromInline let handles: UnsafePointer<Handle>

    init(handles: UnsafePointer<Handle>) {
        self.handles = handles
    }

    /// The series of this case.
    @inlinable public subscript(label: L) -> Handle { handles[label.ordinal] }
}

/// The series of one name, one a pair of cases; all exist at 0 from registration on.
public struct Family2<Handle: Sendable, L1: MetricLabel, L2: MetricLabel>: @unchecked Sendable {
    @usableFromInline let handles: UnsafePointer<Handle>
    @usableFromInline let stride1: Int

    init(handles: UnsafePointer<Handle>) {
        self.handles = handles
        self.stride1 = L2.allCases.count
    }

    /// The series of these cases.
    @inlinable public subscript(first: L1, second: L2) -> Handle {
        handles[first.ordinal &* stride1 &+ second.ordinal]
    }
}

/// The series of one name, one a triple of cases; all exist at 0 from registration on.
public struct Family3<Handle: Sendable, L1: MetricLabel, L2: MetricLabel, L3: MetricLabel>: @unchecked Sendable {
    @usableFromInline let handles: UnsafePointer<Handle>
    @usableFromInline let stride1: Int
    @usableFromInline let stride2: Int

    init(handles: UnsafePointer<Handle>) {
        self.handles = handles
        self.stride2 = L3.allCases.count
        self.stride1 = L2.allCases.count * L3.allCases.count
    }

    /// The series of these cases.
    @inlinable public subscript(first: L1, second: L2, third: L3) -> Handle {
        handles[first.ordinal &* stride1 &+ second.ordinal &* stride2 &+ third.ordinal]
    }
}
