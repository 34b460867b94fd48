// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes labels as both formats have them.
enum LabelText {
    /// Every label's value of the series that a family's surplus is counted in.
    static let overflow = "__overflow__"
    /// Stands for an empty value, which would be the same as no label at all.
    static let empty = "__empty__"
    /// How many bytes a value from outside may have; longer ones are cut and end in `…`.
    static let maximumBytes = 256

    /// The value as it may be shown: not empty, not longer than allowed, NUL and carriage return replaced by U+FFFD.
    static func sanitized(_ value: String) -> String {
        if value.isEmpty { return empty }
        var value = value
        if value.utf8.contains(where: { $0 == 0 || $0 == 13 }) {
            value = String(
                String.UnicodeScalarView(value.unicodeScalars.map { $0 == "\0" || $0 == "\r" ? "\u{FFFD}" : $0 })
            )
        }
        guard value.utf8.count > maximumBytes else { return value }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in value.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > maximumBytes - 3 { break }
            kept.append(scalar)
        }
        return String(kept) + "…"
    }

    /// A label's value between its quotes: backslash, quote and line feed escaped, nothing else.
    static func escaped(value: String) -> [UInt8] {
        escape(value, quote: true)
    }

    /// A help text: backslash and line feed escaped, in OpenMetrics the quote too.
    static func escaped(help: String, for format: ExpositionFormat) -> [UInt8] {
        escape(help, quote: format == .openMetrics)
    }

    /// `name="value",…` without braces.
    static func pairs(_ labels: [(name: String, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, label) in labels.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += label.name.utf8
            bytes += "=\"".utf8
            bytes += escaped(value: label.value)
            bytes.append(UInt8(ascii: "\""))
        }
        return bytes
    }

    /// `name{labels} `, all that stands before a sample's value.
    static func prefix(_ name: String, _ pairs: [UInt8]) -> [UInt8] {
        var bytes = Array(name.utf8)
        if !pairs.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes += pairs
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        return bytes
    }

    private static func escape(_ text: String, quote: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
            case UInt8(ascii: "\"") where quote: bytes += #"\""#.utf8
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}
