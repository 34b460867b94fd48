// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A string of a JSON text as it stands there, between its quotes, already checked.
///
/// It points into the buffer that was read and lives no longer than that. Comparing with a literal never allocates.
package struct JSONString {
    /// The text between the quotes, escapes as they are.
    package let raw: UnsafeRawBufferPointer
    /// Whether there are escapes in it; without any, `raw` is the text itself.
    package let isEscaped: Bool

    @inline(__always)
    init(_ raw: UnsafeRawBufferPointer, isEscaped: Bool) {
        self.raw = raw
        self.isEscaped = isEscaped
    }

    /// The text that the token stands for, escapes resolved.
    ///
    /// - Throws: ``JSONError`` `.badUTF8`, only if the buffer was read as valid UTF-8 and is not.
    /// - Complexity: O(n); allocates for texts over 15 bytes.
    package func decoded() throws(JSONError) -> String {
        guard isEscaped else { return try JSONText.string(raw.bindMemory(to: UInt8.self).span) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var decoder = JSONStringDecoder(raw)
        while let byte = decoder.next() { bytes.append(byte) }
        return try JSONText.string(bytes.span)
    }

    /// How many bytes of UTF-8 the text has once escapes are resolved.
    package var decodedByteCount: Int {
        guard isEscaped else { return raw.count }
        var decoder = JSONStringDecoder(raw)
        var count = 0
        while decoder.next() != nil { count += 1 }
        return count
    }

    /// Whether the text, escapes resolved, is a literal, byte for byte.
    @inline(__always)
    package static func == (token: JSONString, literal: StaticString) -> Bool {
        if token.isEscaped { return token.resolves(to: literal) }
        let count = literal.utf8CodeUnitCount
        guard token.raw.count == count, let start = token.raw.baseAddress else { return token.raw.count == count }
        return JSONByte.equal(start, UnsafeRawPointer(literal.utf8Start), count)
    }

    private func resolves(to literal: StaticString) -> Bool {
        var decoder = JSONStringDecoder(raw)
        for index in 0..<literal.utf8CodeUnitCount where decoder.next() != literal.utf8Start[index] { return false }
        return decoder.next() == nil
    }
}

/// Gives the UTF-8 of a checked string token, byte by byte, escapes resolved.
struct JSONStringDecoder {
    private let raw: UnsafeRawBufferPointer
    private var at = 0
    private var pending: UInt32 = 0  // bytes of a resolved escape still to give, the next in the lowest eight bits
    private var pendingCount = 0

    init(_ raw: UnsafeRawBufferPointer) { self.raw = raw }

    mutating func next() -> UInt8? {
        if pendingCount > 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            pendingCount -= 1
            return byte
        }
        guard at < raw.count else { return nil }
        let byte = raw[at]
        guard byte == JSONByte.backslash, at + 1 < raw.count else {
            at += 1
            return byte
        }
        let kind = raw[at + 1]
        guard kind == UInt8(ascii: "u") else {
            at += 2
            return JSONStringDecoder.short(kind)
        }
        encode(scalar())
        return next()
    }

    private static func short(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }

    /// Takes a `\uXXXX`, or two that make a pair.
    private mutating func scalar() -> UInt32 {
        let high = codeUnit()
        guard high & 0xFC00 == 0xD800 else { return high }
        return 0x10000 + (high & 0x3FF) << 10 + codeUnit() & 0x3FF
    }

    private mutating func codeUnit() -> UInt32 {
        var unit: UInt32 = 0
        for offset in at + 2..<at + 6 where offset < raw.count {
            unit = unit << 4 | UInt32(ASCII.hexValue(raw[offset]) ?? 0)
        }
        at += 6
        return unit
    }

    private mutating func encode(_ scalar: UInt32) {
        switch scalar {
        case 0..<0x80:
            (pending, pendingCount) = (scalar, 1)
        case 0x80..<0x800:
            (pending, pendingCount) = (0x80C0 | scalar >> 6 | (scalar & 0x3F) << 8, 2)
        case 0x800..<0x10000:
            (pending, pendingCount) = (0x8080E0 | scalar >> 12 | (scalar >> 6 & 0x3F) << 8 | (scalar & 0x3F) << 16, 3)
        default:
            let tail = (scalar >> 12 & 0x3F) << 8 | (scalar >> 6 & 0x3F) << 16 | (scalar & 0x3F) << 24
            (pending, pendingCount) = (0x8080_80F0 | scalar >> 18 | tail, 4)
        }
    }
}
