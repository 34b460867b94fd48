// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A subject as the server quotes it in a complaint: with the escapes of Go, and without its end where it is long.
///
/// The library keeps 255 bytes of what the server says.
struct QuotedSubject: Hashable {
    /// The subject's own bytes, as far as they are known.
    let bytes: [UInt8]
    /// Whether that is all of it.
    let isWhole: Bool

    /// Reads what stands behind the quotation mark that opens.
    init(_ text: Substring) {
        var bytes: [UInt8] = []
        var rest = text.unicodeScalars
        var isWhole = false
        reading: while let scalar = rest.popFirst() {
            switch scalar {
            case "\"":
                isWhole = true
                break reading
            case "\\":
                guard let escape = Self.takeEscape(from: &rest) else { break reading }
                bytes += escape
            default: bytes += Array(String(scalar).utf8)
            }
        }
        // A character that was cut in half became this one.
        while !isWhole, bytes.suffix(3) == [0xEF, 0xBF, 0xBD] { bytes.removeLast(3) }
        self.bytes = bytes
        self.isWhole = isWhole
    }

    /// Whether it is this subject, or begins as it does as far as it is known.
    func matches(_ subject: Subject) -> Bool {
        isWhole ? subject.bytes.elementsEqual(bytes) : subject.bytes.starts(with: bytes)
    }

    /// Nil where it was cut off, or is none that Go writes.
    private static func takeEscape(from rest: inout Substring.UnicodeScalarView) -> [UInt8]? {
        switch rest.popFirst() {
        case "a": [0x07]
        case "b": [0x08]
        case "f": [0x0C]
        case "n": [0x0A]
        case "r": [0x0D]
        case "t": [0x09]
        case "v": [0x0B]
        case "\\": [0x5C]
        case "\"": [0x22]
        // A byte that is no character.
        case "x": takeNumber(2, from: &rest).map { [UInt8(truncatingIfNeeded: $0)] }
        case "u": takeNumber(4, from: &rest).flatMap(utf8)
        case "U": takeNumber(8, from: &rest).flatMap(utf8)
        default: nil
        }
    }

    private static func utf8(_ number: UInt32) -> [UInt8]? { Unicode.Scalar(number).map { Array(String($0).utf8) } }

    private static func takeNumber(_ count: Int, from rest: inout Substring.UnicodeScalarView) -> UInt32? {
        let digits = String(rest.prefix(count))
        rest = rest.dropFirst(count)
        return digits.utf8.count == count ? UInt32(digits, radix: 16) : nil
    }
}
