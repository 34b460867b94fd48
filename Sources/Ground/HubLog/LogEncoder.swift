// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Turns records into lines: text for people, JSON for programs, escaped so that a value stays inside its line.
package enum LogEncoder {
    /// The bytes that are kept of a text; what is longer is cut at a character and says by how much.
    package static let valueLimit = 2048

    /// Appends a record and its newline.
    package static func append(_ record: LogRecord, as format: LogFormat, to line: inout [UInt8]) {
        switch format {
        case .text: appendText(record, to: &line)
        case .json: appendJSON(record, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
    }

    // MARK: Text

    private static func appendText(_ record: LogRecord, to line: inout [UInt8]) {
        record.time.append(to: &line)
        line.append(contentsOf: word(record.level).utf8)
        cut(record.message) { EscapedText.append($0, as: .bare, to: &line) }
        for field in record.fields {
            line.append(UInt8(ascii: " "))
            field.key.withUTF8Buffer { EscapedText.append($0, as: .bare, to: &line) }
            line.append(UInt8(ascii: "="))
            switch field.value {
            case .string(let text): appendValue(text, to: &line)
            case .int(let number): line.append(contentsOf: number.description.utf8)
            case .unsigned(let number): line.append(contentsOf: number.description.utf8)
            case .double(let number): line.append(contentsOf: number.description.utf8)
            case .bool(let truth): line.append(contentsOf: truth.description.utf8)
            case .duration(let span): appendSpan(span, to: &line)
            }
        }
    }

    private static func word(_ level: LogLevel) -> StaticString {
        switch level {
        case .trace: " TRACE "
        case .debug: " DEBUG "
        case .info: " INFO  "
        case .warning: " WARN  "
        case .error: " ERROR "
        }
    }

    /// A bare word stays bare; anything that could be taken for something else is quoted.
    private static func appendValue(_ text: String, to line: inout [UInt8]) {
        let isBare = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !marks.contains($0) }
        if isBare, text.utf8.count <= valueLimit {
            line.append(contentsOf: text.utf8)
        } else {
            line.append(UInt8(ascii: "\""))
            cut(text) { EscapedText.append($0, as: .quoted, to: &line) }
            line.append(UInt8(ascii: "\""))
        }
    }

    private static let marks: [UInt8] = [UInt8(ascii: "\""), UInt8(ascii: "="), UInt8(ascii: "\\")]

    /// Three digits and a unit: what a person wants to know of a duration.
    private static func appendSpan(_ span: Duration, to line: inout [UInt8]) {
        let seconds = self.seconds(span)
        let (scaled, unit): (Double, StaticString) =
            switch abs(seconds) {
            case 0: (0, "s")
            case ..<1e-6: (seconds * 1e9, "ns")
            case ..<1e-3: (seconds * 1e6, "µs")
            case ..<1: (seconds * 1e3, "ms")
            default: (seconds, "s")
            }
        let places: Double = abs(scaled) < 10 ? 100 : abs(scaled) < 100 ? 10 : 1
        let rounded = (scaled * places).rounded() / places
        if let whole = Int64(exactly: rounded) {
            line.append(contentsOf: whole.description.utf8)
        } else {
            line.append(contentsOf: rounded.description.utf8)
        }
        line.append(contentsOf: unit.utf8)
    }

    // MARK: JSON

    private static func appendJSON(_ record: LogRecord, to line: inout [UInt8]) {
        line.append(contentsOf: "{\"time\":\"".utf8)
        record.time.append(to: &line)
        line.append(contentsOf: "\",\"level\":\"".utf8)
        line.append(contentsOf: record.level.name.utf8)
        line.append(contentsOf: "\",\"message\":".utf8)
        appendString(record.message, to: &line)
        for (index, field) in record.fields.enumerated() {
            line.append(contentsOf: ",\"".utf8)
            field.key.withUTF8Buffer { EscapedText.append($0, as: .quoted, to: &line) }
            if isTaken(field.key, in: record.fields[..<index]) { line.append(UInt8(ascii: "_")) }
            line.append(contentsOf: "\":".utf8)
            switch field.value {
            case .string(let text): appendString(text, to: &line)
            case .int(let number): line.append(contentsOf: number.description.utf8)
            case .unsigned(let number): line.append(contentsOf: number.description.utf8)
            case .double(let number): appendNumber(number, to: &line)
            case .bool(let truth): line.append(contentsOf: truth.description.utf8)
            case .duration(let span): appendNumber(seconds(span), to: &line)
            }
        }
        line.append(UInt8(ascii: "}"))
    }

    /// Whether a key already stands in the object, where it may stand only once.
    private static func isTaken(_ key: StaticString, in earlier: ArraySlice<LogField>) -> Bool {
        let name = key.description
        return name == "time" || name == "level" || name == "message" || earlier.contains { $0.key.description == name }
    }

    private static func appendString(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        cut(text) { EscapedText.append($0, as: .quoted, to: &line) }
        line.append(UInt8(ascii: "\""))
    }

    /// JSON has no word for infinity; such a number becomes a text.
    private static func appendNumber(_ number: Double, to line: inout [UInt8]) {
        if number.isFinite {
            line.append(contentsOf: number.description.utf8)
        } else {
            appendString(number.description, to: &line)
        }
    }

    private static func seconds(_ span: Duration) -> Double {
        let (seconds, attoseconds) = span.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    // MARK: Escaping

    /// Passes on the bytes of a text, cut to the limit at a character, with a note of what is missing.
    private static func cut(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            guard bytes.count > valueLimit else { return body(bytes) }
            var end = valueLimit
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
            body(UnsafeBufferPointer(rebasing: bytes[..<end]))
            let note: [UInt8] = Array("…(\(bytes.count - end) bytes more)".utf8)
            note.withUnsafeBufferPointer(body)
        }
    }
}

extension StaticString {
    fileprivate var utf8: [UInt8] { withUTF8Buffer { Array($0) } }
}
