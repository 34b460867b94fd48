// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The books of a shard's deliveries: each one enqueued is later written, dropped for a reason, or still queued.
package struct DeliveryLedger: Sendable {
    private var enqueuedByScope = InlineArray<4, UInt64>(repeating: 0)
    private var writtenByScope = InlineArray<4, UInt64>(repeating: 0)
    private var droppedByScopeAndReason = InlineArray<16, UInt64>(repeating: 0)

    /// How many deliveries of `scope` were put into a client's queue, or refused by a full one.
    package func enqueued(_ scope: DeliveryScope) -> UInt64 { enqueuedByScope[Int(scope.rawValue)] }
    /// How many deliveries of `scope` were handed to a socket to their last byte.
    package func written(_ scope: DeliveryScope) -> UInt64 { writtenByScope[Int(scope.rawValue)] }
    /// How many deliveries of `scope` were given up for `reason`.
    package func dropped(_ scope: DeliveryScope, _ reason: DropReason) -> UInt64 {
        droppedByScopeAndReason[Int(scope.rawValue) * 4 + Int(reason.rawValue)]
    }

    /// Enqueued − written − dropped: what the queues must hold.
    package var outstanding: Int64 {
        var total: UInt64 = 0
        for scope in DeliveryScope.allCases {
            total &+= enqueued(scope) &- written(scope)
            for reason in DropReason.allCases { total &-= dropped(scope, reason) }
        }
        return Int64(bitPattern: total)
    }

    /// Adds another shard's books.
    package mutating func add(_ other: DeliveryLedger) {
        for index in 0..<4 {
            enqueuedByScope[index] &+= other.enqueuedByScope[index]
            writtenByScope[index] &+= other.writtenByScope[index]
        }
        for index in 0..<16 { droppedByScopeAndReason[index] &+= other.droppedByScopeAndReason[index] }
    }

    @inline(__always)
    mutating func enqueue(_ count: Int, _ scope: DeliveryScope) {
        enqueuedByScope[Int(scope.rawValue)] &+= UInt64(truncatingIfNeeded: count)
    }

    @inline(__always)
    mutating func write(_ count: Int, _ scope: DeliveryScope) {
        writtenByScope[Int(scope.rawValue)] &+= UInt64(truncatingIfNeeded: count)
    }

    mutating func drop(_ count: Int, _ scope: DeliveryScope, _ reason: DropReason) {
        droppedByScopeAndReason[Int(scope.rawValue) * 4 + Int(reason.rawValue)] &+= UInt64(truncatingIfNeeded: count)
    }
}
