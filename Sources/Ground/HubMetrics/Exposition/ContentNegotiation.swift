// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ExpositionFormat {
    /// The format to answer a scrape with.
    ///
    /// Of the formats that the header accepts, the one with the highest quality; at equal quality the one named first, and
    /// text where one range means both. Other versions than 0.0.4 and 1.0.0 are not accepted formats; where nothing is
    /// acceptable the answer is text all the same, as every reader of metrics understands it. Parameters such as
    /// `escaping` change nothing: our names need none.
    ///
    /// - Parameter accept: The `Accept` header, its repeats joined by commas; nil if there was none.
    package static func negotiate(accept: String?) -> ExpositionFormat {
        guard let accept else { return .text004 }
        let ranges = HeaderList.parse(accept)
        let text = preference(for: .text004, among: ranges)
        let openMetrics = preference(for: .openMetrics, among: ranges)
        guard openMetrics.quality > 0 else { return .text004 }
        if openMetrics.quality != text.quality { return openMetrics.quality > text.quality ? .openMetrics : .text004 }
        return openMetrics.place < text.place ? .openMetrics : .text004
    }

    /// The quality of the most specific range that means this format, and that range's place.
    private static func preference(
        for format: ExpositionFormat,
        among ranges: [HeaderList.Element]
    ) -> (quality: Int, place: Int) {
        let (type, subtype, version) =
            switch format {
            case .text004: ("text", "plain", "0.0.4")
            case .openMetrics: ("application", "openmetrics-text", "1.0.0")
            }
        var best = (specificity: 0, quality: 0, place: Int.max)
        for (place, range) in ranges.enumerated() {
            let asked = range.parameter("version")
            let specificity =
                switch range.name {
                case "\(type)/\(subtype)" where asked == version: 4
                case "\(type)/\(subtype)" where asked == nil: 3
                case "\(type)/*": 2
                case "*/*", "*": 1
                default: 0
                }
            if specificity > best.specificity { best = (specificity, range.quality, place) }
        }
        return (best.quality, best.place)
    }
}

/// How the body of an answer may be coded.
package enum ContentCoding: Sendable {
    /// The header fields by which answers differ, for `Vary`.
    package static let vary = "Accept, Accept-Encoding"

    /// Whether the body may be gzipped.
    ///
    /// - Parameter acceptEncoding: The `Accept-Encoding` header, its repeats joined by commas; nil if there was none.
    package static func allowsGzip(acceptEncoding: String?) -> Bool {
        guard let acceptEncoding else { return false }
        let codings = HeaderList.parse(acceptEncoding)
        let coding = codings.first { $0.name == "gzip" || $0.name == "x-gzip" } ?? codings.first { $0.name == "*" }
        return (coding?.quality ?? 0) > 0
    }
}

/// A header's list of values with parameters and qualities.
enum HeaderList {
    struct Element {
        /// In lower case.
        var name: String
        /// Names in lower case; values as they stand, without quotes.
        var parameters: [(name: String, value: String)]
        /// In thousandths, 0 through 1000; 1000 if not given, 0 if it cannot be read.
        var quality: Int

        func parameter(_ name: String) -> String? {
            parameters.first { $0.name == name }?.value
        }
    }

    static func parse(_ header: String) -> [Element] {
        split(header, at: UInt8(ascii: ",")).compactMap { element in
            let parts = split(element, at: UInt8(ascii: ";")).map(trimmed)
            guard let name = parts.first, !name.isEmpty else { return nil }
            var quality = 1000
            var parameters: [(name: String, value: String)] = []
            for part in parts.dropFirst() {
                guard let equals = part.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let key = trimmed(part[..<equals]).lowercased()
                let value = unquoted(trimmed(part[part.utf8.index(after: equals)...]))
                if key == "q" { quality = thousandths(value) } else { parameters.append((key, value)) }
            }
            return Element(name: name.lowercased(), parameters: parameters, quality: quality)
        }
    }

    /// Splits at separators that are not within quotes.
    private static func split(_ text: some StringProtocol, at separator: UInt8) -> [Substring] {
        let text = Substring(text)
        var parts: [Substring] = []
        var start = text.startIndex
        var quoted = false
        var escaped = false
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if escaped {
                escaped = false
            } else if byte == UInt8(ascii: "\""), !escaped {
                quoted.toggle()
            } else if byte == UInt8(ascii: "\\"), quoted {
                escaped = true
            } else if byte == separator, !quoted {
                parts.append(text[start..<index])
                start = text.utf8.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace = { (byte: UInt8) in byte == 32 || byte == 9 }
        guard let first = text.utf8.firstIndex(where: { !isSpace($0) }),
            let last = text.utf8.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return text[first...last]
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return String(text) }
        return String(text.dropFirst().dropLast().filter { $0 != "\\" })
    }

    /// Reads `0`, `0.`, `0.5`, `1.000` and the like; nothing above 1, and three decimals count.
    private static func thousandths(_ text: String) -> Int {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let digits = Array(parts.count == 2 ? Array(parts[1]) : [])
        guard digits.allSatisfy({ (48...57).contains($0) }) else { return 0 }
        var fraction = 0
        for place in 0..<3 { fraction = fraction * 10 + (place < digits.count ? Int(digits[place]) - 48 : 0) }
        switch parts.first.map(Array.init) {
        case [48]: return fraction
        case [49]: return fraction == 0 ? 1000 : 0
        default: return 0
        }
    }
}
