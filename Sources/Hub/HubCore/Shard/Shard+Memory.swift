// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Shard {
    /// Memory for encoding that is kept whatever was last needed.
    private static let keptScratchBytes = 64 * 1024

    /// Gives back what a burst left: memory that the time since the last call did not need.
    ///
    /// To be called between ticks, now and then.
    /// - Complexity: O(clients) when the slab of slices shrinks, and O(topics) when their table does, once after a burst; otherwise a
    ///   few instructions.
    package func trim() {
        batches.trim()
        if scratch.capacity > Shard.keptScratchBytes {
            scratch = []
            scratch.reserveCapacity(4096)
        }
        if let smaller = slices.smaller() { moveSlices(to: smaller) }
        trimLists()
        inbox.trim()
    }

    /// Puts every queue's slices into another slab.
    private func moveSlices(to pool: SlicePool) {
        for case let client? in clients where !client.queue.isEmpty {
            client.queue.move(from: slices, to: pool)
        }
        slices = pool
    }
}

extension OutboundQueue {
    /// Moves the slices to another slab, in their order.
    fileprivate mutating func move(from old: SlicePool, to new: SlicePool) {
        var moved = OutboundQueue()
        while let slice = popFirst(in: old) { moved.append(slice, in: new) }
        self = moved
    }
}
