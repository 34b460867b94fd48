// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Base64 of RFC 4648, section 4, with padding: for the handshake's key and its answer.
package enum Base64 {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// The text of `bytes`, padded to a multiple of four characters.
    package static func encode(_ bytes: [UInt8]) -> String {
        let size = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: size) { output in
            let digits = alphabet.utf8Start
            var written = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let here = min(3, bytes.count - start)
                var group: UInt32 = 0
                for place in 0..<3 {
                    group = group << 8 | (place < here ? UInt32(bytes[start + place]) : 0)
                }
                for place in 0..<4 {
                    let digit = Int(group >> UInt32(18 - 6 * place)) & 0x3F
                    output[written] = place <= here ? digits[digit] : UInt8(ascii: "=")
                    written += 1
                }
            }
            return written
        }
    }

    /// The bytes of `text`; `nil` for anything that ``encode(_:)`` would not have written.
    ///
    /// So one byte string has one text: whitespace, missing padding and stray bits in the last digit are refused.
    package static func decode(_ text: String) -> [UInt8]? {
        let utf8 = text.utf8
        guard utf8.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count / 4 * 3)
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in utf8 {
            if character == UInt8(ascii: "=") {
                padding += 1
                group <<= 6
            } else {
                guard padding == 0, let value = value(of: character) else { return nil }
                group = group << 6 | UInt32(value)
            }
            digits += 1
            if digits == 4 {
                guard padding <= 2 else { return nil }
                let unused: UInt32 = padding == 0 ? 0 : padding == 1 ? 0xFF : 0xFFFF
                guard group & unused == 0 else { return nil }
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
                if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: group)) }
                (group, digits) = (0, 0)
                if padding > 0 { padding = 4 }
            }
        }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
