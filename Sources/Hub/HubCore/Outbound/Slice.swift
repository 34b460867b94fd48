// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A run of consecutive frames of one batch that waits for one client.
struct Slice {
    /// Holds one of the batch's references.
    var batch: Unmanaged<FrameBatch>
    /// The next byte to write.
    var start: UInt32
    /// One behind the last byte.
    var end: UInt32
    /// The frame in which `start` lies.
    var first: UInt32
    /// How many frames are not yet written to their last byte.
    var frames: UInt32
    /// The slice behind this one in its queue, or ``SlicePool/none``.
    var next: UInt32
    var scope: DeliveryScope
    /// Pings, pongs and close frames: written, but no deliveries.
    var isControl: Bool
    /// Its batch belongs to its client alone and holds what waits while the socket takes nothing.
    var isOwn = false

    /// How many deliveries it stands for.
    @inline(__always)
    var messages: Int { isControl ? 0 : Int(frames) }

    /// Whether a part of its first frame is on the wire already, so that this frame must be finished.
    var isCut: Bool { start != batch._withUnsafeGuaranteedRef { $0.start(ofFrame: first) } }
}

/// All slices of a shard, in one slab: a queue is a linked list of indices, and an empty queue costs nothing.
final class SlicePool {
    /// The index that stands for "no slice".
    static let none = UInt32.max

    private(set) var slices: UnsafeMutablePointer<Slice>
    private var capacity: Int
    private var used = 0
    private var free = SlicePool.none
    /// Slices that are in queues.
    private(set) var count = 0
    /// The most that were in queues at once since the last ``SlicePool/smaller()``.
    private var peak = 0

    init(capacity: Int = 1024) {
        self.capacity = capacity
        slices = .allocate(capacity: capacity)
    }

    deinit { slices.deallocate() }

    /// Stores a slice and returns its index.
    ///
    /// - Complexity: O(1) amortised; pointers into `slices` are invalid afterwards.
    @inline(__always)
    func insert(_ slice: Slice) -> UInt32 {
        count += 1
        if free != SlicePool.none {
            let index = free
            free = slices[Int(index)].next
            slices[Int(index)] = slice
            return index
        }
        if used == capacity { grow() }
        (slices + used).initialize(to: slice)
        used += 1
        return UInt32(truncatingIfNeeded: used - 1)
    }

    @inline(__always)
    func remove(_ index: UInt32) {
        if count > peak { peak = count }
        count -= 1
        slices[Int(index)].next = free
        free = index
    }

    /// A pool of the size that was needed since this was last called, if that is much less; `nil` to keep this one.
    ///
    /// The caller moves the queues over.
    func smaller() -> SlicePool? {
        let needed = max(1024, 2 * max(peak, count))
        peak = count
        return needed <= capacity / 4 ? SlicePool(capacity: needed) : nil
    }

    private func grow() {
        let grown = UnsafeMutablePointer<Slice>.allocate(capacity: capacity * 2)
        grown.moveInitialize(from: slices, count: used)
        slices.deallocate()
        slices = grown
        capacity *= 2
    }
}
