// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Frames encoded back to back, once, for all the clients that will get them.
///
/// A batch belongs to one shard. It is filled during a tick, then shared by reference count among the queues that hold
/// slices of it; the count is a plain integer because no other thread sees the batch. Frames are found by index, so that a
/// slow client's queue can be cut at frame boundaries. Holds less than 4 GiB.
package final class FrameBatch {
    /// When the oldest message in the batch was read from its socket or taken from the bus, monotonic nanoseconds.
    private(set) var ingress: UInt64 = .max
    /// How many slices and owners still need the bytes.
    var references = 1
    /// What is told once the bytes were written or dropped; only pushes that someone awaits have one.
    var completion: (@Sendable (HubError?) -> Void)?

    private(set) var base: UnsafeMutableRawPointer
    private(set) var byteCount = 0
    private var capacity: Int
    private var ends: UnsafeMutablePointer<UInt32>
    private(set) var frameCount = 0
    private var frameCapacity: Int

    init(capacity: Int = 4096) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
        frameCapacity = 64
        ends = .allocate(capacity: 64)
    }

    deinit {
        base.deallocate()
        ends.deallocate()
    }

    /// The offset just behind frame `index`.
    @inline(__always)
    func end(ofFrame index: UInt32) -> UInt32 { ends[Int(index)] }

    /// The offset of frame `index`'s first byte.
    @inline(__always)
    func start(ofFrame index: UInt32) -> UInt32 { index == 0 ? 0 : ends[Int(index) - 1] }

    /// Memory that the batch keeps, for the pool's decision whether to keep it.
    var footprint: Int { capacity }

    /// Adds one unmasked WebSocket frame.
    ///
    /// - Parameter ingress: When its message entered the node, monotonic nanoseconds.
    /// - Complexity: One copy of the payload; amortised growth.
    func append(_ opcode: UInt8, _ payload: UnsafeRawBufferPointer, ingress: UInt64) {
        reserve(payload.count + 10)
        let header = FrameBatch.writeHeader(opcode, payload.count, at: base + byteCount)
        if let bytes = payload.baseAddress {
            (base + byteCount + header).copyMemory(from: bytes, byteCount: payload.count)
        }
        finishFrame(byteCount: header + payload.count, ingress: ingress)
    }

    /// Adds bytes that already are frames of another batch, as one entry.
    func append(encoded bytes: UnsafeRawBufferPointer, ingress: UInt64) {
        reserve(bytes.count)
        if let start = bytes.baseAddress {
            (base + byteCount).copyMemory(from: start, byteCount: bytes.count)
        }
        finishFrame(byteCount: bytes.count, ingress: ingress)
    }

    /// Makes the batch as new, keeping its memory.
    func reset() {
        byteCount = 0
        frameCount = 0
        ingress = .max
        references = 1
        completion = nil
    }

    private func finishFrame(byteCount added: Int, ingress: UInt64) {
        byteCount += added
        if frameCount == frameCapacity { growFrames() }
        ends[frameCount] = UInt32(truncatingIfNeeded: byteCount)
        frameCount += 1
        if ingress < self.ingress { self.ingress = ingress }
    }

    private func reserve(_ added: Int) {
        guard byteCount + added > capacity else { return }
        let wanted = max(capacity * 2, byteCount + added)
        let grown = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        grown.copyMemory(from: base, byteCount: byteCount)
        base.deallocate()
        base = grown
        capacity = wanted
    }

    private func growFrames() {
        let grown = UnsafeMutablePointer<UInt32>.allocate(capacity: frameCapacity * 2)
        grown.update(from: ends, count: frameCapacity)
        ends.deallocate()
        ends = grown
        frameCapacity *= 2
    }

    /// Writes the header of a final, unmasked frame (RFC 6455 section 5.2) and returns its length.
    private static func writeHeader(_ opcode: UInt8, _ count: Int, at target: UnsafeMutableRawPointer) -> Int {
        let bytes = target.assumingMemoryBound(to: UInt8.self)
        bytes[0] = 0x80 | opcode
        if count < 126 {
            bytes[1] = UInt8(truncatingIfNeeded: count)
            return 2
        }
        if count <= 0xFFFF {
            bytes[1] = 126
            bytes[2] = UInt8(truncatingIfNeeded: count >> 8)
            bytes[3] = UInt8(truncatingIfNeeded: count)
            return 4
        }
        bytes[1] = 127
        for index in 0..<8 { bytes[2 + index] = UInt8(truncatingIfNeeded: count >> (56 - 8 * index)) }
        return 10
    }
}
