// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What waits for one client's socket: slices of batches, in order, with their totals.
///
/// A value of 24 bytes and no heap while empty. The slices live in the shard's ``SlicePool``.
struct OutboundQueue {
    private(set) var head = SlicePool.none
    private(set) var tail = SlicePool.none
    /// The last slice that ``keepOwnCopies(in:_:growing:)`` has looked at, while it is in the queue: those behind it are new.
    var lastKept = SlicePool.none
    private var messageCount: UInt32 = 0
    /// Bytes not yet written, control frames included.
    private(set) var bytes = 0

    /// Deliveries not yet written to their last byte.
    @inline(__always)
    private(set) var messages: Int {
        get { Int(messageCount) }
        set { messageCount = UInt32(truncatingIfNeeded: newValue) }
    }

    @inline(__always)
    var isEmpty: Bool { head == SlicePool.none }

    /// Appends; the slice's reference to its batch passes to the queue.
    @inline(__always)
    mutating func append(_ slice: Slice, in pool: SlicePool) {
        messages += slice.messages
        bytes += Int(slice.end - slice.start)
        let index = pool.insert(slice)
        if tail == SlicePool.none { head = index } else { pool.slices[Int(tail)].next = index }
        tail = index
    }

    /// Takes the first slice off, whole; its reference passes to the caller.
    @inline(__always)
    mutating func popFirst(in pool: SlicePool) -> Slice? {
        guard head != SlicePool.none else { return nil }
        var slice = pool.slices[Int(head)]
        pool.remove(head)
        if lastKept == head { lastKept = SlicePool.none }
        head = slice.next
        if head == SlicePool.none { tail = SlicePool.none }
        messages -= slice.messages
        bytes -= Int(slice.end - slice.start)
        slice.next = SlicePool.none
        return slice
    }

    /// Marks `count` bytes of the first slice as written, fewer than it has; returns how many deliveries that finished.
    mutating func advanceFirst(by count: Int, in pool: SlicePool) -> Int {
        let slice = pool.slices + Int(head)
        slice.pointee.start += UInt32(truncatingIfNeeded: count)
        bytes -= count
        var finished = 0
        slice.pointee.batch._withUnsafeGuaranteedRef { batch in
            while batch.end(ofFrame: slice.pointee.first) <= slice.pointee.start {
                slice.pointee.first += 1
                slice.pointee.frames -= 1
                finished += 1
            }
        }
        guard !slice.pointee.isControl else { return 0 }
        messages -= finished
        return finished
    }

    /// Puts slices before the first, in their order; their references pass to the queue.
    mutating func prepend(_ added: [Slice], in pool: SlicePool) {
        for var slice in added.reversed() {
            messages += slice.messages
            bytes += Int(slice.end - slice.start)
            slice.next = head
            head = pool.insert(slice)
            if tail == SlicePool.none { tail = head }
        }
    }

    /// Takes out the slice behind another, whose frames another slice holds since; the reference is the caller's.
    mutating func unlink(behind previous: UInt32, in pool: SlicePool) {
        let index = pool.slices[Int(previous)].next
        pool.slices[Int(previous)].next = pool.slices[Int(index)].next
        if tail == index { tail = previous }
        pool.remove(index)
    }

    /// When the oldest message entered the node of the first slice that holds deliveries; `.max` when none does.
    func oldestIngress(in pool: SlicePool) -> UInt64 {
        var index = head
        while index != SlicePool.none {
            let slice = pool.slices + Int(index)
            if !slice.pointee.isControl {
                // The frames of a client's own batch are of different age.
                return slice.pointee.batch._withUnsafeGuaranteedRef {
                    slice.pointee.isOwn ? $0.ingress(ofFrame: slice.pointee.first) : $0.ingress
                }
            }
            index = slice.pointee.next
        }
        return .max
    }

    /// Describes up to `vectors.count` runs of bytes to write, joining neighbours in one batch.
    ///
    /// - Returns: How many vectors were filled and how many bytes they hold.
    @inline(__always)
    func gather(
        into vectors: UnsafeMutableBufferPointer<OutboundVector>,
        from pool: SlicePool
    ) -> (vectors: Int, bytes: Int) {
        var filled = 0
        var total = 0
        var index = head
        while index != SlicePool.none {
            let slice = pool.slices + Int(index)
            let start =
                slice.pointee.batch._withUnsafeGuaranteedRef { UnsafeRawPointer($0.base) }
                + Int(slice.pointee.start)
            let count = Int(slice.pointee.end - slice.pointee.start)
            if filled > 0, vectors[filled - 1].start + vectors[filled - 1].count == start {
                vectors[filled - 1].count += count
            } else {
                guard filled < vectors.count else { break }
                vectors[filled] = OutboundVector(start: start, count: count)
                filled += 1
            }
            total += count
            index = slice.pointee.next
        }
        return (filled, total)
    }
}

/// A run of bytes to write; laid out as the system's `iovec`.
package struct OutboundVector {
    /// Where the bytes are.
    package var start: UnsafeRawPointer
    /// How many there are.
    package var count: Int
}
