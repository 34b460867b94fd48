// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Walks over one JSON text and checks it: the engine under ``JSONReader`` and ``JSONMembers``.
///
/// Strict RFC 8259 but for the encoding, which is the caller's to check. Never recursive: which brackets are open is a
/// stack of bits in one word. Allocates nothing.
struct JSONScanner {
    let base: UnsafeRawPointer
    let end: Int
    var at = 0

    init(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { throw JSONError(.unexpectedEnd, at: 0) }
        self.base = base
        self.end = bytes.count
    }

    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        base.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Steps over white space and gives the byte that comes then, without taking it.
    @inline(__always)
    mutating func peek() throws(JSONError) -> UInt8 {
        while at < end {
            let byte = byte(at)
            if byte > 0x20 { return byte }
            guard JSONByte.isWhiteSpace(byte) else { throw JSONError(.unexpectedByte, at: at) }
            at += 1
        }
        throw JSONError(.unexpectedEnd, at: end)
    }

    /// Requires that nothing but white space is left.
    mutating func finish() throws(JSONError) {
        while at < end {
            guard JSONByte.isWhiteSpace(byte(at)) else { throw JSONError(.trailingBytes, at: at) }
            at += 1
        }
    }

    /// Steps over one value and all that is in it.
    ///
    /// - Parameter depth: How many brackets are open around it, 0 to `limit`.
    /// - Parameter limit: How many may be open at once, at most 64.
    mutating func skipValue(depth: Int, limit: Int) throws(JSONError) {
        var open = depth
        var kinds: UInt64 = 0  // the open brackets, the innermost in the lowest bit; 1 is an object
        while true {
            let first = try peek()
            switch first {
            case JSONByte.quote:
                _ = try skipString()
            case JSONByte.openBrace, JSONByte.openBracket:
                guard open < limit else { throw JSONError(.tooDeep, at: at) }
                let isObject = first == JSONByte.openBrace
                at += 1
                if try peek() == (isObject ? JSONByte.closeBrace : JSONByte.closeBracket) {
                    at += 1
                    break
                }
                open += 1
                kinds = kinds &<< 1 | (isObject ? 1 : 0)
                if isObject { _ = try skipKey() }
                continue
            default:
                try skipScalar(first)
            }
            // A value ends here: close what closes, until another one must follow.
            while true {
                if open == depth { return }
                let next = try peek()
                let isObject = kinds & 1 == 1
                if next == JSONByte.comma {
                    at += 1
                    if isObject { _ = try skipKey() }
                    break
                }
                guard next == (isObject ? JSONByte.closeBrace : JSONByte.closeBracket) else {
                    throw JSONError(.unexpectedByte, at: at)
                }
                at += 1
                open -= 1
                kinds = kinds &>> 1
            }
        }
    }

    /// Steps over a key and its colon, and gives the key.
    @inline(__always)
    mutating func skipKey() throws(JSONError) -> JSONString {
        guard try peek() == JSONByte.quote else { throw JSONError(.unexpectedByte, at: at) }
        let start = at + 1
        let isEscaped = try skipString()
        let key = token(start..<at - 1, isEscaped: isEscaped)
        guard try peek() == JSONByte.colon else { throw JSONError(.unexpectedByte, at: at) }
        at += 1
        return key
    }

    /// The string token whose text, without the quotes, stands at a range.
    @inline(__always)
    func token(_ range: Range<Int>, isEscaped: Bool) -> JSONString {
        let text = UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.upperBound - range.lowerBound)
        return JSONString(text, isEscaped: isEscaped)
    }

    /// Steps over a number or a word that begins with the byte at hand.
    private mutating func skipScalar(_ first: UInt8) throws(JSONError) {
        switch first {
        case JSONByte.minus, JSONByte.zero...JSONByte.nine: try skipNumber()
        case UInt8(ascii: "t"): try skipWord("true")
        case UInt8(ascii: "f"): try skipWord("false")
        case UInt8(ascii: "n"): try skipWord("null")
        default: throw JSONError(.unexpectedByte, at: at)
        }
    }

    private mutating func skipWord(_ word: StaticString) throws(JSONError) {
        let start = at
        for index in 0..<word.utf8CodeUnitCount {
            guard at < end else { throw JSONError(.unexpectedEnd, at: end) }
            guard byte(at) == word.utf8Start[index] else { throw JSONError(.badLiteral, at: start) }
            at += 1
        }
    }

    /// Steps over a number; the byte at hand is a digit or a minus.
    mutating func skipNumber() throws(JSONError) {
        let start = at
        if byte(at) == JSONByte.minus { at += 1 }
        let whole = at
        try skipDigits(of: start)
        guard byte(whole) != JSONByte.zero || at == whole + 1 else { throw JSONError(.badNumber, at: start) }
        if at < end, byte(at) == UInt8(ascii: ".") {
            at += 1
            try skipDigits(of: start)
        }
        if at < end, byte(at) | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < end, byte(at) == JSONByte.minus || byte(at) == UInt8(ascii: "+") { at += 1 }
            try skipDigits(of: start)
        }
    }

    /// Steps over one digit or more.
    @inline(__always)
    private mutating func skipDigits(of start: Int) throws(JSONError) {
        guard at < end else { throw JSONError(.unexpectedEnd, at: end) }
        guard ASCII.isDigit(byte(at)) else { throw JSONError(.badNumber, at: start) }
        repeat { at += 1 } while at < end && ASCII.isDigit(byte(at))
    }
}
