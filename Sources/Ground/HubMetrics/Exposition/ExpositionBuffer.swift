// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The page that a scrape is written to; keep it, and the next scrape allocates nothing.
package struct ExpositionBuffer: ~Copyable, @unchecked Sendable {
    /// How many bytes were written.
    package private(set) var count = 0
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int

    /// An empty page with room for `capacity` bytes; it grows as needed and never shrinks.
    package init(capacity: Int = 64 * 1024) {
        self.capacity = max(capacity, 64)
        self.storage = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        storage.deallocate()
    }

    /// Forgets what was written and keeps the room.
    package mutating func removeAll() {
        count = 0
    }

    /// Reads the page in place.
    package borrowing func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R
    {
        try body(UnsafeRawBufferPointer(start: storage, count: count))
    }

    /// The page as an array of its own.
    package var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// The page as text; for tests.
    package var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// Lets `body` write up to `limit` bytes without further checks.
    mutating func write(atMost limit: Int, _ body: (inout ExpositionCursor) -> Void) {
        if capacity - count < limit { grow(by: limit) }
        var cursor = ExpositionCursor(at: storage + count)
        body(&cursor)
        count = cursor.position - storage
        assert(count <= capacity, "wrote past the end")
    }

    /// Writes these bytes.
    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            write(atMost: bytes.count) { $0.append(bytes) }
        }
    }

    private mutating func grow(by limit: Int) {
        capacity = max(capacity * 2, count + limit)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = larger
    }
}
