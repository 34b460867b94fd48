// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Text of others made fit for a line and a terminal: it can end neither its line nor its quotes, and cannot steer a terminal.
///
/// Escaped are C0, DEL, C1, U+2028, U+2029 and the bidirectional overrides and isolates, in the manner of JSON.
package enum EscapedText {
    /// Where the text stands, and so which marks it may not hold.
    package enum Place: Sendable {
        /// Between other words: a backslash is doubled, so that each escape is one of ours.
        case bare
        /// Between quotes: a quote is escaped as well.
        case quoted
        /// JSON, whose own escapes stay as they are; what is escaped within its strings means the same as before.
        case json
    }

    /// Appends UTF-8, escaped.
    ///
    /// - Complexity: O(n), no allocation but the line's own growth.
    package static func append(_ bytes: UnsafeBufferPointer<UInt8>, as place: Place, to line: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch byte {
            case UInt8(ascii: "\n"): line.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): line.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): line.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F: appendEscape(UInt32(byte), to: &line)
            case UInt8(ascii: "\"") where place == .quoted: line.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\") where place != .json: line.append(contentsOf: "\\\\".utf8)
            case 0xC2 where (0x80..<0xA0).contains(next):
                appendEscape(UInt32(next), to: &line)
                index += 1
            case 0xE2 where index + 2 < bytes.count && isTreacherous(next, bytes[index + 2]):
                appendEscape(0x2000 | UInt32(next & 0x3F) << 6 | UInt32(bytes[index + 2] & 0x3F), to: &line)
                index += 2
            default: line.append(byte)
            }
            index += 1
        }
    }

    /// The text, escaped, as a string.
    package static func escape(_ text: String, as place: Place = .bare) -> String {
        var text = text
        var bytes: [UInt8] = []
        text.withUTF8 { append($0, as: place, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether `E2 second third` is U+2028…U+202E or U+2066…U+2069.
    private static func isTreacherous(_ second: UInt8, _ third: UInt8) -> Bool {
        (second == 0x80 && (0xA8...0xAE).contains(third)) || (second == 0x81 && (0xA6...0xA9).contains(third))
    }

    private static func appendEscape(_ scalar: UInt32, to line: inout [UInt8]) {
        line.append(contentsOf: "\\u".utf8)
        for shift in [12, 8, 4, 0] as [UInt32] {
            let digit = UInt8(truncatingIfNeeded: scalar >> shift & 0xF)
            line.append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }
}
