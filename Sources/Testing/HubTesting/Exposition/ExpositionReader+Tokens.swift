// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ExpositionReader {
    mutating func metricName() throws(Unreadable) -> String {
        let start = at
        while let byte = peek, Self.isNameByte(byte, first: at == start) || byte == Byte.colon { at += 1 }
        guard at > start, peek == nil || peek == Byte.space || peek == Byte.tab || peek == Byte.openBrace else {
            at = start
            throw Unreadable(.badMetricName, rest)
        }
        let name = String(decoding: bytes[start..<at], as: UTF8.self)
        if name.utf8.contains(Byte.colon) { report(.colonInName, name) }
        return name
    }

    /// Reads `{name="value",…}`, with the escapes of the values undone.
    mutating func labelSet() throws(Unreadable) -> [Exposition.Label] {
        at += 1
        var labels: [Exposition.Label] = []
        var afterComma = false
        while true {
            if peek == Byte.space || peek == Byte.tab {
                reportSpacing()
                skipBlanks()
            }
            if peek == Byte.closeBrace {
                if afterComma { report(.trailingComma) }
                at += 1
                return labels
            }
            let label = try label()
            if labels.contains(where: { $0.name == label.name }) { report(.duplicateLabelName, label.name) }
            labels.append(label)
            if blankBefore(Byte.comma) || blankBefore(Byte.closeBrace) { reportSpacing() }
            afterComma = peek == Byte.comma
            if afterComma {
                at += 1
            } else if let next = peek, Self.isNameByte(next, first: true) {
                report(.missingComma)
            } else if peek != Byte.closeBrace {
                throw Unreadable(.malformedLine, "after the value of \(label.name): \(rest)")
            }
        }
    }

    private mutating func label() throws(Unreadable) -> Exposition.Label {
        let start = at
        while let byte = peek, Self.isNameByte(byte, first: at == start) { at += 1 }
        let name = String(decoding: bytes[start..<at], as: UTF8.self)
        if blankBefore(Byte.equals) { reportSpacing() }
        guard at > start, peek == Byte.equals else {
            at = start
            throw Unreadable(.badLabelName, rest)
        }
        at += 1
        if blankBefore(Byte.quote) { reportSpacing() }
        guard peek == Byte.quote else { throw Unreadable(.malformedLine, "no quote after \(name)=") }
        at += 1
        let value = try labelValue(of: name)
        if value.isEmpty { report(.emptyLabelValue, name) }
        return Exposition.Label(name: name, value: value)
    }

    /// Reads to the closing quote, over line ends if need be, as Prometheus does in the text format.
    private mutating func labelValue(of name: String) throws(Unreadable) -> String {
        let start = at
        var value: [UInt8] = []
        while at < bytes.count {
            switch bytes[at] {
            case Byte.quote:
                at += 1
                if at > end {
                    report(.newlineInLabelValue, name)
                    end = bytes[at...].firstIndex(of: Byte.lineFeed) ?? bytes.count
                }
                return String(decoding: value, as: UTF8.self)
            case Byte.backslash where at + 1 < bytes.count:
                escape(into: &value, quoteAllowed: true)
            default:
                value.append(bytes[at])
                at += 1
            }
        }
        at = start
        throw Unreadable(.malformedLine, "no closing quote for \(name)")
    }

    /// Undoes the escape that begins here; one that is not in the format stays as it is and is reported.
    mutating func escape(into text: inout [UInt8], quoteAllowed: Bool) {
        switch bytes[at + 1] {
        case Byte.backslash: text.append(Byte.backslash)
        case UInt8(ascii: "n"): text.append(Byte.lineFeed)
        case Byte.quote where quoteAllowed: text.append(Byte.quote)
        default:
            report(.badEscape, String(decoding: bytes[at...].prefix(2), as: UTF8.self))
            text.append(bytes[at])
            text.append(bytes[at + 1])
        }
        at += 2
    }

    /// Reads a number, or ends the line with `fault`.
    mutating func number(_ fault: ExpositionFault.Kind) throws(Unreadable) -> (value: Double, text: String) {
        let text = word()
        switch ExpositionNumber(text) {
        case .canonical(let value): return (value, text)
        case .unusual(let value):
            report(.nonCanonicalNumber, text)
            return (value, text)
        case .unreadable: throw Unreadable(fault, text)
        }
    }

    static func isNameByte(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), Byte.underscore: true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): !first
        default: false
        }
    }
}
