// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Where a receiver gathers what did not arrive in one piece.
///
/// The bytes of the message in progress come first; those of a control frame that came between its fragments follow.
final class WebSocketStorage {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// The bytes from `start` on.
    func bytes(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + start, count: count - start)
    }

    /// Forgets all bytes but the first `newCount`.
    func truncate(to newCount: Int) { count = newCount }

    /// Appends bytes, growing to at most twice of what is there.
    ///
    /// - Parameter expected: How many bytes are announced to follow these; bounds the growth, is not reserved.
    func append(_ bytes: UnsafeRawBufferPointer, expected: Int) {
        guard let source = bytes.baseAddress else { return }
        let needed = count + bytes.count
        if needed > capacity { grow(to: Self.capacity(needed: needed, expected: expected)) }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count = needed
    }

    /// A storage with the same bytes, for a receiver that was copied.
    func copy() -> WebSocketStorage {
        let other = WebSocketStorage(capacity: capacity)
        other.append(bytes(from: 0), expected: 0)
        return other
    }

    /// Twice of what arrived, though not more than is known to come, and never the announced length alone.
    static func capacity(needed: Int, expected: Int) -> Int {
        let (announced, overflow) = needed.addingReportingOverflow(expected)
        return min(max(needed * 2, 256), overflow ? .max : announced)
    }

    private func grow(to newCapacity: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        capacity = newCapacity
    }
}
