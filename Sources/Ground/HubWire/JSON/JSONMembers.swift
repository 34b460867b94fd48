// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Walks the members of one JSON object, pulled by its reader: a key, then its value as what it should be.
///
/// After each key take the value once, by one of the functions. Everything is checked, also what is not asked for, so
/// `nextKey()` gives nil only at the end of an object that is right as a whole. Allocates nothing.
package struct JSONMembers {
    private var scanner: JSONScanner
    private var isFirst = true

    /// Starts at the opening brace.
    ///
    /// - Throws: ``JSONError`` `.notAnObject` if a value of another type begins there.
    package init(of object: UnsafeRawBufferPointer, as input: JSONReader.Input) throws(JSONError) {
        try JSONReader.checkEncoding(of: object, as: input)
        scanner = try JSONScanner(object)
        guard try scanner.peek() == JSONByte.openBrace else {
            try scanner.skipValue(depth: 0, limit: JSONReader.maximumDepth)
            try scanner.finish()
            throw JSONError(.notAnObject, at: 0)
        }
        scanner.at += 1
    }

    /// The next member's key; nil when the object, and the text, end.
    package mutating func nextKey() throws(JSONError) -> JSONString? {
        let next = try scanner.peek()
        if next == JSONByte.closeBrace {
            scanner.at += 1
            try scanner.finish()
            return nil
        }
        if isFirst {
            isFirst = false
        } else {
            guard next == JSONByte.comma else { throw JSONError(.unexpectedByte, at: scanner.at) }
            scanner.at += 1
        }
        return try scanner.skipKey()
    }

    /// The value as it stands, of any type, without white space around it.
    package mutating func value() throws(JSONError) -> Range<Int> {
        _ = try scanner.peek()
        let start = scanner.at
        try scanner.skipValue(depth: 1, limit: JSONReader.maximumDepth)
        return start..<scanner.at
    }

    /// The value if it is a string; otherwise nil, and the value is stepped over.
    package mutating func string() throws(JSONError) -> JSONString? {
        guard try scanner.peek() == JSONByte.quote else {
            _ = try value()
            return nil
        }
        let start = scanner.at + 1
        let isEscaped = try scanner.skipString()
        return scanner.token(start..<scanner.at - 1, isEscaped: isEscaped)
    }

    /// The value if it is an integer of 64 bits; otherwise nil, and the value is stepped over.
    package mutating func integer() throws(JSONError) -> Int64? {
        let first = try scanner.peek()
        guard first == JSONByte.minus || ASCII.isDigit(first) else {
            _ = try value()
            return nil
        }
        let start = scanner.at
        try scanner.skipNumber()
        return JSONReader.integer(UnsafeRawBufferPointer(start: scanner.base + start, count: scanner.at - start))
    }

    /// The value if it is `true` or `false`; otherwise nil, and the value is stepped over.
    package mutating func boolean() throws(JSONError) -> Bool? {
        let range = try value()
        switch scanner.byte(range.lowerBound) {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: return nil
        }
    }
}
