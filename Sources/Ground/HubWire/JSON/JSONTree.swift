// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A whole JSON text as a tree: for what a server answers once in a while, not for messages.
///
/// As strict as ``JSONReader``, 64 levels deep at the most. Of several members with one key the last counts.
package indirect enum JSONTree: Sendable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// Reads a text.
    package init(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        try JSONReader.validate(bytes)
        var scanner = try JSONScanner(bytes)
        self = try Self.read(&scanner)
    }

    package subscript(key: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var number: Double? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    package var boolean: Bool? {
        guard case .boolean(let value) = self else { return nil }
        return value
    }

    /// The number if it is a whole one that is not negative, exact up to 2^53.
    package var count: UInt64? { number.flatMap { UInt64(exactly: $0) } }

    package var array: [JSONTree] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    package var object: [String: JSONTree] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    /// Reads a value of a text that was validated.
    private static func read(_ scanner: inout JSONScanner) throws(JSONError) -> JSONTree {
        switch try scanner.peek() {
        case JSONByte.openBrace: return try readObject(&scanner)
        case JSONByte.openBracket: return try readArray(&scanner)
        case JSONByte.quote:
            let start = scanner.at + 1
            let isEscaped = try scanner.skipString()
            return .string(try scanner.token(start..<scanner.at - 1, isEscaped: isEscaped).decoded())
        default: return try readScalar(&scanner)
        }
    }

    private static func readObject(_ scanner: inout JSONScanner) throws(JSONError) -> JSONTree {
        var members: [String: JSONTree] = [:]
        scanner.at += 1
        while try scanner.peek() != JSONByte.closeBrace {
            if try scanner.peek() == JSONByte.comma { scanner.at += 1 }
            let key = try scanner.skipKey().decoded()
            members[key] = try read(&scanner)
        }
        scanner.at += 1
        return .object(members)
    }

    private static func readArray(_ scanner: inout JSONScanner) throws(JSONError) -> JSONTree {
        var elements: [JSONTree] = []
        scanner.at += 1
        while try scanner.peek() != JSONByte.closeBracket {
            if try scanner.peek() == JSONByte.comma { scanner.at += 1 }
            elements.append(try read(&scanner))
        }
        scanner.at += 1
        return .array(elements)
    }

    private static func readScalar(_ scanner: inout JSONScanner) throws(JSONError) -> JSONTree {
        let start = scanner.at
        try scanner.skipValue(depth: 0, limit: JSONReader.maximumDepth)
        let text = UnsafeRawBufferPointer(start: scanner.base + start, count: scanner.at - start)
        switch text.first {
        case UInt8(ascii: "t"): return .boolean(true)
        case UInt8(ascii: "f"): return .boolean(false)
        case UInt8(ascii: "n"): return .null
        default:
            guard let number = Double(String(decoding: text, as: UTF8.self)) else {
                throw JSONError(.badNumber, at: start)
            }
            return .number(number)
        }
    }
}
