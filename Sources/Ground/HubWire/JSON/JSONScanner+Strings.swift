// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension JSONScanner {
    /// Steps over a string, eight bytes at a time; says whether there are escapes in it.
    @inline(__always)
    mutating func skipString() throws(JSONError) -> Bool {
        at += 1
        var isEscaped = false
        while true {
            while at &+ 8 <= end {
                let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                let stops = JSONByte.stops(in: word)
                if stops == 0 {
                    at &+= 8
                } else {
                    at &+= stops.trailingZeroBitCount &>> 3
                    break
                }
            }
            guard at < end else { throw JSONError(.unexpectedEnd, at: end) }
            switch byte(at) {
            case JSONByte.quote:
                at &+= 1
                return isEscaped
            case JSONByte.backslash:
                isEscaped = true
                try skipEscape()
            case 0..<0x20:
                throw JSONError(.controlCharacter, at: at)
            default:
                at &+= 1
            }
        }
    }

    /// Steps over a backslash and what belongs to it; both halves of a surrogate pair are one escape.
    private mutating func skipEscape() throws(JSONError) {
        let start = at
        guard at + 1 < end else { throw JSONError(.unexpectedEnd, at: end) }
        switch byte(at + 1) {
        case JSONByte.quote, JSONByte.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(at: start)
            at += 6
            if unit & 0xF800 != 0xD800 { return }
            guard unit < 0xDC00 else { throw JSONError(.loneSurrogate, at: start) }
            guard at < end else { throw JSONError(.unexpectedEnd, at: end) }
            guard byte(at) == JSONByte.backslash else { throw JSONError(.loneSurrogate, at: start) }
            guard at + 1 < end else { throw JSONError(.unexpectedEnd, at: end) }
            guard byte(at + 1) == UInt8(ascii: "u"), try codeUnit(at: at) & 0xFC00 == 0xDC00 else {
                throw JSONError(.loneSurrogate, at: start)
            }
            at += 6
        default:
            throw JSONError(.badEscape, at: start)
        }
    }

    /// The UTF-16 code unit of a `\uXXXX` whose backslash stands at an offset.
    private func codeUnit(at escape: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for offset in escape + 2..<escape + 6 {
            guard offset < end else { throw JSONError(.unexpectedEnd, at: end) }
            guard let digit = ASCII.hexValue(byte(offset)) else { throw JSONError(.badEscape, at: escape) }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
