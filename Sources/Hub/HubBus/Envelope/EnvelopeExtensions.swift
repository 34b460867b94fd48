// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The typed fields of an envelope: each a type of one byte, a length of two, and a value.
///
/// A reader steps over types that it does not know, so that newer nodes can say more.
package struct EnvelopeExtensions {
    /// The types of this version.
    package enum Field: UInt8, Sendable {
        /// Which request this is, or which one it answers; 8 bytes.
        case correlation = 1
        /// The client that a request is about; 16 bytes.
        case client = 2
        /// What a request asks for; text.
        case operation = 3
    }

    private let bytes: UnsafeRawBufferPointer

    /// Checks that the fields fill the bytes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        var offset = 0
        while offset < bytes.count {
            guard let end = Self.end(of: offset, in: bytes) else { return nil }
            offset = end
        }
    }

    /// The value of a field; the first, if it stands there twice.
    package subscript(_ field: Field) -> UnsafeRawBufferPointer? {
        var offset = 0
        while offset < bytes.count, let end = Self.end(of: offset, in: bytes) {
            if bytes[offset] == field.rawValue { return UnsafeRawBufferPointer(rebasing: bytes[offset + 3..<end]) }
            offset = end
        }
        return nil
    }

    /// The correlation number, if there is one.
    package var correlation: UInt64? {
        guard let value = self[.correlation], value.count == 8 else { return nil }
        return UInt64(bigEndian: value.loadUnaligned(as: UInt64.self))
    }

    private static func end(of offset: Int, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard offset + 3 <= bytes.count else { return nil }
        let end = offset + 3 + Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt16.self)))
        return end <= bytes.count ? end : nil
    }
}
