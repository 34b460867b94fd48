// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Label values made to break something: quotes, backslashes, line ends, odd Unicode, bytes that are no text at all.
package struct LabelNoise: Sendable {
    private var random: SplitMix64

    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// Values that have broken something somewhere, each worth a try by itself.
    package static let classics: [String] = [
        "", " ", "  x  ", "\"", "\"\"", "\\", "\\\\", "\\\"", "\\n", "\n", "\n\n", "\r", "\r\n", "\t", "\0", "a\0b",
        "{", "}", ",", "=", "#", "# EOF", "\n# EOF\n", "x\"} 1\ny{z=\"", "\"} 1 # {trace_id=\"", "le=\"+Inf\"", "NaN",
        "\u{FEFF}x", "\u{FFFD}", "\u{FFFE}", "\u{10FFFF}", "\u{2028}\u{2029}", "\u{85}", "\u{7F}\u{1B}[31m",
        "\u{E9}", "e\u{301}", "\"\u{301}", "\\\u{301}", "\n\u{301}", "\u{202E}abc", "👩‍👩‍👧‍👦", "🇩🇪🇫", "日本語", "<&'>",
        String(repeating: "\\", count: 127), String(repeating: "\"", count: 255), String(repeating: "a", count: 256),
        String(repeating: "a", count: 257), String(repeating: "é", count: 128), String(repeating: "é", count: 200),
        String(repeating: "x", count: 252) + "🇩🇪", String(repeating: "\n", count: 10_000), "__overflow__", "__empty__",
    ]

    /// One more value; up to 300 pieces of everything, valid or repaired.
    package mutating func next() -> String {
        var bytes: [UInt8] = []
        let pieces =
            Bool.random(using: &random)
            ? Int.random(in: 1...8, using: &random) : Int.random(in: 1...300, using: &random)
        for _ in 0..<pieces {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.append("\"\\\n\r\t\0{}=,# n".utf8.randomElement(using: &random) ?? 0)
            case 1: bytes += (Self.classics.randomElement(using: &random) ?? "").utf8.prefix(12)
            case 2: bytes.append(UInt8.random(in: 0...255, using: &random))
            case 3: bytes += String(scalar()).utf8
            default: bytes.append(UInt8.random(in: 0x20...0x7E, using: &random))
            }
        }
        // What a client sends is repaired once, where it becomes a string.
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func scalar() -> Unicode.Scalar {
        while true {
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) { return scalar }
        }
    }

    /// What the registry promises to show of a value.
    ///
    /// Itself, but for the empty one, for NUL and carriage return, and for the end of what is longer than 256 bytes.
    package static func shown(_ value: String) -> String {
        if value.isEmpty { return "__empty__" }
        let replaced = value.unicodeScalars.map { $0.value == 0 || $0.value == 13 ? "\u{FFFD}" : $0 }
        let bytes = replaced.reduce(0) { $0 + UTF8.width($1) }
        guard bytes > 256 else { return String(String.UnicodeScalarView(replaced)) }
        var left = 253
        let kept = replaced.prefix { scalar in
            left -= UTF8.width(scalar)
            return left >= 0
        }
        return String(String.UnicodeScalarView(kept)) + "…"
    }
}
