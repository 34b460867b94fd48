// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Where an entry stands in a stream: the time of its server, and a number among those of the same millisecond.
///
/// Written as `1526919030474-55` (Redis, "Streams", entry IDs).
struct StreamID: Comparable, CustomStringConvertible {
    /// Before all entries.
    static let start = StreamID(milliseconds: 0, sequence: 0)

    let milliseconds: UInt64
    let sequence: UInt64

    init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Reads what a server wrote; nil for anything else.
    init?(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let milliseconds = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    static func < (left: StreamID, right: StreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }

    var description: String { "\(milliseconds)-\(sequence)" }
}
