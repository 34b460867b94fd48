// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Measures and encodes single JSON values: what ``JSONWriter`` and the protocol's encoders are made of.
package enum JSONText {
    /// How many bytes a string takes with its quotes and escapes.
    ///
    /// - Parameter text: UTF-8.
    /// - Complexity: O(n), eight bytes a step up to the first that needs an escape.
    static func encodedCount(of text: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while offset &+ 8 <= text.count {
            let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            if JSONByte.stops(in: word) != 0 { break }
            offset &+= 8
        }
        var count = offset &+ 2
        while offset < text.count {
            count &+= escapedCount(of: text[offset])
            offset &+= 1
        }
        return count
    }

    /// How many bytes an integer takes, its sign included.
    @inline(__always)
    static func digitCount(of value: Int64) -> Int {
        var count = value < 0 ? 2 : 1
        var limit: UInt64 = 10
        let magnitude = value.magnitude
        while magnitude >= limit {
            count &+= 1
            let (next, overflow) = limit.multipliedReportingOverflow(by: 10)
            if overflow { break }
            limit = next
        }
        return count
    }

    /// The text that bytes spell, which must be UTF-8.
    ///
    /// `String(validating:)` does the same in three times the time.
    static func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw JSONError(.badUTF8, at: error.byteOffsets.lowerBound)
        }
    }

    /// Appends a string with its quotes, escaped.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { text in
            let text = UnsafeRawBufferPointer(text)
            let count = encodedCount(of: text)
            JSONOutput.append(count, to: &bytes) { output in output.string(text, encodedCount: count) }
        }
    }

    /// Appends an integer.
    package static func append(_ value: Int64, to bytes: inout [UInt8]) {
        let count = digitCount(of: value)
        JSONOutput.append(count, to: &bytes) { output in output.integer(value, count: count) }
    }

    /// How many bytes one byte of a string becomes: itself, a short escape, or `\u00XX`.
    @inline(__always)
    static func escapedCount(of byte: UInt8) -> Int {
        switch byte {
        case JSONByte.quote, JSONByte.backslash, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
        case 0..<0x20: 6
        default: 1
        }
    }

    /// The letter behind the backslash of a byte that has a short escape.
    static func shortEscape(of byte: UInt8) -> UInt8 {
        switch byte {
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: byte
        }
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? JSONByte.zero + value : UInt8(ascii: "a") + value - 10
    }
}

/// A JSON string, quotes and escapes included, encoded once to be written many times.
///
/// Keep one for what is sent again and again: a topic's name, a client's id.
package struct EncodedString: Sendable, Hashable {
    /// The text of the token.
    package let bytes: [UInt8]

    /// Encodes a text.
    package init(_ text: String) {
        var bytes: [UInt8] = []
        JSONText.append(text, to: &bytes)
        self.bytes = bytes
    }
}
