// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A reply of Redis as tests look at it, whatever was not UTF-8 replaced.
package indirect enum RedisReplyText: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case null
    case array([RedisReplyText])
    case error(String)

    /// The text, or the number as text; nil for all else.
    package var text: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .null, .array, .error: nil
        }
    }

    /// The number, whether sent as one or as text; nil for all else.
    package var integer: Int? { text.flatMap { Int($0) } }

    /// The elements; empty for all else.
    package var array: [RedisReplyText] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The texts of the elements.
    package var texts: [String] { array.compactMap(\.text) }

    /// An array of names and values in turn, as many commands answer.
    package var fields: [String: String] {
        let texts = array.map { $0.text ?? "" }
        return Dictionary(
            stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    // MARK: RESP2

    /// A command as it is sent.
    static func command(_ words: [String]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        return bytes
    }

    /// Takes one reply off the front; nil when it has not come whole.
    ///
    /// - Throws: ``ProcessFault`` `.badReply`.
    static func take(from bytes: inout [UInt8]) throws(ProcessFault) -> RedisReplyText? {
        var rest = bytes[...]
        guard let reply = try parse(&rest) else { return nil }
        bytes.removeFirst(bytes.count - rest.count)
        return reply
    }

    private static func parse(_ rest: inout ArraySlice<UInt8>) throws(ProcessFault) -> RedisReplyText? {
        guard let end = rest.firstIndex(of: 0x0D), end + 1 < rest.endIndex else { return nil }
        let line = String(decoding: rest[..<end], as: UTF8.self)
        rest = rest[(end + 2)...]
        let value = String(line.dropFirst())
        switch line.first {
        case "+": return .text(value)
        case "-": return .error(value)
        case ":":
            guard let number = Int(value) else { break }
            return .integer(number)
        case "$":
            guard let count = Int(value) else { break }
            if count < 0 { return .null }
            guard rest.count >= count + 2 else { return nil }
            defer { rest = rest.dropFirst(count + 2) }
            return .text(String(decoding: rest.prefix(count), as: UTF8.self))
        case "*":
            guard let count = Int(value) else { break }
            if count < 0 { return .null }
            var elements: [RedisReplyText] = []
            for _ in 0..<count {
                guard let element = try parse(&rest) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        default: break
        }
        throw ProcessFault(.badReply, "not a reply of Redis: \(line.prefix(100))")
    }
}
