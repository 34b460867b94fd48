// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Says why bytes are not the JSON that was expected, and where.
///
/// Offsets are 0-based and count bytes of the buffer that was handed in.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong; a closed set, fit for a metric label.
    package enum Code: String, CaseIterable, Sendable {
        /// The text stops inside a value.
        case unexpectedEnd = "unexpected_end"
        /// A byte that no value, comma, colon or bracket can start with here.
        case unexpectedByte = "unexpected_byte"
        /// Neither `true` nor `false` nor `null`.
        case badLiteral = "bad_literal"
        /// Not a number of RFC 8259: leading zeros, a bare sign, a dot without digits.
        case badNumber = "bad_number"
        /// A backslash with something behind it that JSON does not know.
        case badEscape = "bad_escape"
        /// Half of a surrogate pair, which stands for no character.
        case loneSurrogate = "lone_surrogate"
        /// A byte below 0x20 inside a string.
        case controlCharacter = "control_character"
        /// More than ``JSONReader/maximumDepth`` objects and arrays inside each other.
        case tooDeep = "too_deep"
        /// Something other than white space after the value.
        case trailingBytes = "trailing_bytes"
        /// Not UTF-8.
        case badUTF8 = "bad_utf8"
        /// A value of another type stands where an object must.
        case notAnObject = "not_an_object"
    }

    /// What was wrong.
    package let code: Code
    /// The byte at which it was noticed.
    package let offset: Int

    /// Describes a fault at a place.
    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// One phrase for a log line or an answer to a peer, without any of the peer's text.
    package var description: String { "\(phrase) at byte \(offset)" }

    private var phrase: String {
        switch code {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedByte: "an unexpected character"
        case .badLiteral: "an unknown word"
        case .badNumber: "not a JSON number"
        case .badEscape: "an unknown escape"
        case .loneSurrogate: "a lone surrogate"
        case .controlCharacter: "a control character that is not escaped"
        case .tooDeep: "nested too deeply"
        case .trailingBytes: "something after the end"
        case .badUTF8: "not UTF-8"
        case .notAnObject: "not an object"
        }
    }
}
