// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Bytes that came and were not read yet; taking from the front costs no more than what is taken.
package struct PeerInput: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0

    /// How many there are.
    package var count: Int { bytes.count - start }

    /// Lends them.
    package func withUnread<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Takes so many off the front, or all there are.
    package mutating func take(_ wanted: Int) -> [UInt8] {
        let taken = Array(bytes[start..<start + min(max(wanted, 0), count)])
        start += taken.count
        if start == bytes.count || start > 1 << 20 {
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    /// Takes all.
    package mutating func takeAll() -> [UInt8] { take(count) }

    mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}
