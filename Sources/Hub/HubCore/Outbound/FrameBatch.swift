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

    /// When the message of each frame entered the node; only batches of one client's own keep them.
    private var ingresses: UnsafeMutablePointer<UInt64>?

    init() {
        capacity = 4096
        base = .allocate(byteCount: capacity, alignment: 16)
        frameCapacity = 64
        ends = .allocate(capacity: frameCapacity)
    }

    /// Makes a batch for what waits for one blocked client; it takes little more memory than it holds.
    init(ownBytes: Int) {
        capacity = max(256, ownBytes)
        base = .allocate(byteCount: capacity, alignment: 16)
        frameCapacity = 4
        ends = .allocate(capacity: frameCapacity)
        ingresses = .allocate(capacity: frameCapacity)
    }

    deinit {
        base.deallocate()
        ends.deallocate()
        ingresses?.deallocate()
    }

    /// Whether it was made for one client.
    var isOwn: Bool { ingresses != nil }

    /// When the message of frame `index` entered the node; the oldest's where the batch does not keep them apart.
    func ingress(ofFrame index: UInt32) -> UInt64 { ingresses?[Int(index)] ?? ingress }

    /// The offset just behind frame `index`.
    @inline(__always)
    func end(ofFrame index: UInt32) -> UInt32 { ends[Int(index)] }

    /// The offset of frame `index`'s first byte.
    @inline(__always)
    func start(ofFrame index: UInt32) -> UInt32 { index == 0 ? 0 : ends[Int(index) - 1] }

    /// Memory that the batch keeps.
    var footprint: Int { capacity + 4 * frameCapacity }

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

    /// Adds a frame of another batch.
    func append(_ frame: UInt32, of other: FrameBatch) {
        let start = other.start(ofFrame: frame)
        let count = Int(other.end(ofFrame: frame) - start)
        reserve(count)
        (base + byteCount).copyMemory(from: other.base + Int(start), byteCount: count)
        finishFrame(byteCount: count, ingress: other.ingress(ofFrame: frame))
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
        ingresses?[frameCount] = ingress
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
        if let old = ingresses {
            let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: frameCapacity * 2)
            larger.update(from: old, count: frameCapacity)
            old.deallocate()
            ingresses = larger
        }
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
