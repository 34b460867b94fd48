// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import Dispatch
import Synchronization

/// Gives the heap's free pages back to the system after a burst, on a thread of its own.
///
/// That takes the longer the more there is, under the locks of malloc's arenas, one after the other.
final class HeapKeeper: Sendable {
    /// Free memory that is not worth giving back.
    private static let keptBytes: UInt64 = 4 << 20
    /// How many times nothing is tried after a trim that gave little back: what is free lies between what is in use.
    private static let rest = 30

    private let queue = DispatchQueue(label: "gohub.heap", qos: .utility)
    private let left = Atomic(0)

    /// Looks whether there is much to give back; to be called every few seconds.
    ///
    /// From any thread; returns at once.
    func tidy() {
        guard left.load(ordering: .relaxed) == 0 else {
            left.subtract(1, ordering: .relaxed)
            return
        }
        queue.async { [self] in
            if gohub_heap_trim(Self.keptBytes), gohub_heap_has_excess(Self.keptBytes) {
                left.store(Self.rest, ordering: .relaxed)
            }
        }
    }
}
