// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// An answer of Prometheus's HTTP interface as a tree; the hub's own reader never builds one.
package indirect enum PrometheusJSON: Sendable, Equatable {
    case null
    case boolean(Bool)
    case number(Double)
    case string(String)
    case array([PrometheusJSON])
    case object([String: PrometheusJSON])

    package subscript(key: String) -> PrometheusJSON? {
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

    package var array: [PrometheusJSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    package var object: [String: PrometheusJSON] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    /// - Throws: ``ProcessFault`` `.badReply` for what is no JSON.
    package init(parsing bytes: [UInt8]) throws(ProcessFault) {
        var parser = Parser(bytes: bytes)
        do throws(Parser.Failure) {
            self = try parser.value(depth: 0)
            parser.skipBlanks()
            if parser.at != bytes.count { throw Parser.Failure() }
        } catch {
            let near = String(decoding: bytes.dropFirst(max(0, parser.at - 20)).prefix(60), as: UTF8.self)
            throw ProcessFault(.badReply, "no JSON at byte \(parser.at): \(near)")
        }
    }
}

extension PrometheusJSON {
    /// A plain recursive reader; what it reads comes from a server that the test started.
    fileprivate struct Parser {
        struct Failure: Error {}

        let bytes: [UInt8]
        var at = 0

        private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

        mutating func value(depth: Int) throws(Failure) -> PrometheusJSON {
            guard depth < 64 else { throw Failure() }
            skipBlanks()
            switch next {
            case UInt8(ascii: "{"): return .object(try members(depth: depth))
            case UInt8(ascii: "["): return .array(try elements(depth: depth))
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try literal("true", .boolean(true))
            case UInt8(ascii: "f"): return try literal("false", .boolean(false))
            case UInt8(ascii: "n"): return try literal("null", .null)
            default: return try number()
            }
        }

        mutating func skipBlanks() {
            while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
        }

        private mutating func take(_ byte: Character) throws(Failure) {
            skipBlanks()
            guard next == byte.asciiValue else { throw Failure() }
            at += 1
        }

        private mutating func members(depth: Int) throws(Failure) -> [String: PrometheusJSON] {
            var members: [String: PrometheusJSON] = [:]
            try take("{")
            skipBlanks()
            if next == UInt8(ascii: "}") {
                at += 1
                return members
            }
            while true {
                skipBlanks()
                let key = try string()
                try take(":")
                members[key] = try value(depth: depth + 1)
                skipBlanks()
                if next == UInt8(ascii: "}") { break }
                try take(",")
            }
            at += 1
            return members
        }

        private mutating func elements(depth: Int) throws(Failure) -> [PrometheusJSON] {
            var elements: [PrometheusJSON] = []
            try take("[")
            skipBlanks()
            if next == UInt8(ascii: "]") {
                at += 1
                return elements
            }
            while true {
                elements.append(try value(depth: depth + 1))
                skipBlanks()
                if next == UInt8(ascii: "]") { break }
                try take(",")
            }
            at += 1
            return elements
        }

        private mutating func literal(_ text: String, _ value: PrometheusJSON) throws(Failure) -> PrometheusJSON {
            guard bytes[at...].starts(with: text.utf8) else { throw Failure() }
            at += text.utf8.count
            return value
        }

        private mutating func number() throws(Failure) -> PrometheusJSON {
            let start = at
            while let byte = next, "+-.eE0123456789".utf8.contains(byte) { at += 1 }
            guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else { throw Failure() }
            return .number(value)
        }

        private mutating func string() throws(Failure) -> String {
            try take("\"")
            var text: [UInt8] = []
            while let byte = next, byte != UInt8(ascii: "\"") {
                if byte == UInt8(ascii: "\\") {
                    at += 1
                    text += try escape().utf8
                } else {
                    text.append(byte)
                    at += 1
                }
            }
            try take("\"")
            return String(decoding: text, as: UTF8.self)
        }

        private mutating func escape() throws(Failure) -> String {
            guard let byte = next else { throw Failure() }
            at += 1
            switch byte {
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
                return String(decoding: [byte], as: UTF8.self)
            case UInt8(ascii: "u"):
                var units = [try unit()]
                if UTF16.isLeadSurrogate(units[0]), bytes[at...].starts(with: "\\u".utf8) {
                    at += 2
                    units.append(try unit())
                }
                return String(decoding: units, as: UTF16.self)
            default: throw Failure()
            }
        }

        private mutating func unit() throws(Failure) -> UInt16 {
            let digits = bytes[at...].prefix(4)
            guard let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16), digits.count == 4 else {
                throw Failure()
            }
            at += 4
            return unit
        }
    }
}
