// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Durations as the configuration writes them: `1500ms`, `25s`, `3m`, `1h30m`.
enum DurationText {
    /// The units, from the largest; an hour is the largest because days have no fixed length.
    static let units: [(name: String, milliseconds: Int64)] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]

    /// Reads whole numbers with units, the larger units first; nil when it is anything else.
    ///
    /// What is too much for 64 bits of milliseconds becomes the largest duration there is.
    static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var total: Int64 = 0
        var unitsLeft = units[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) }
            let letters = rest[digits.endIndex...].prefix { (97...122).contains($0) }
            guard
                !digits.isEmpty,
                let unit = unitsLeft.firstIndex(where: { $0.name == String(Substring(letters)) })
            else { return nil }
            let number = Int64(Substring(digits)) ?? .max
            let product = number.multipliedReportingOverflow(by: units[unit].milliseconds)
            let sum = total.addingReportingOverflow(product.partialValue)
            total = product.overflow || sum.overflow ? .max : sum.partialValue
            unitsLeft = units[(unit + 1)...]
            rest = rest[letters.endIndex...]
        }
        return .milliseconds(total)
    }

    /// Writes the shortest exact form in one unit; what is finer than a millisecond is left out.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let whole = seconds.multipliedReportingOverflow(by: 1000)
        let sum = whole.partialValue.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        guard !whole.overflow, !sum.overflow else { return "\(seconds)s" }
        if sum.partialValue == 0 { return "0s" }
        let unit = units.first { sum.partialValue % $0.milliseconds == 0 } ?? units[units.count - 1]
        return "\(sum.partialValue / unit.milliseconds)\(unit.name)"
    }

    /// What a person who wrote something else probably meant: `3 minutes`, `1.5s`, `25`.
    static func guess(_ text: String) -> String? {
        let plain = text.lowercased().filter { $0 != " " && $0 != "_" }
        let digits = plain.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let word = String(plain.dropFirst(digits.count))
        let singular = word.count > 2 && word.hasSuffix("s") ? String(word.dropLast()) : word
        guard let number = Double(String(digits)), let unit = words[word] ?? words[singular] else { return nil }
        guard let milliseconds = Int64(exactly: (number * Double(unit)).rounded()) else { return nil }
        return self.text(.milliseconds(milliseconds))
    }

    /// Units as people write them, in milliseconds; no unit is taken for seconds.
    private static let words: [String: Int64] = [
        "": 1000, "ms": 1, "msec": 1, "milli": 1, "millisecond": 1, "s": 1000, "sec": 1000, "second": 1000, "m": 60_000,
        "min": 60_000, "minute": 60_000, "h": 3_600_000, "hr": 3_600_000, "hour": 3_600_000, "d": 86_400_000,
        "day": 86_400_000,
    ]
}
