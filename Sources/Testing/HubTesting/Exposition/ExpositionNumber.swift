// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A number of a scrape body: well written, readable but odd, or none at all.
enum ExpositionNumber: Equatable {
    case canonical(Double)
    case unusual(Double)
    case unreadable

    init(_ text: String) {
        switch text {
        case "+Inf": self = .canonical(.infinity)
        case "-Inf": self = .canonical(-.infinity)
        case "NaN": self = .canonical(.nan)
        default: self = Self.decimal(text) ?? Self.word(text)
        }
    }

    /// The spellings of infinity and NaN that Go reads as well.
    private static func word(_ text: String) -> ExpositionNumber {
        switch text.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": .unusual(.infinity)
        case "-inf", "-infinity": .unusual(-.infinity)
        case "nan": .unusual(.nan)
        default: .unreadable
        }
    }

    /// `-?digits[.digits][e[+-]digits]`; a leading plus, a bare point or a capital E make it unusual.
    private static func decimal(_ text: String) -> ExpositionNumber? {
        var unusual = false
        var rest = Substring(text)
        if rest.first == "+" { unusual = true }
        if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
        let whole = takeDigits(&rest)
        var fraction = 0
        if rest.first == "." {
            rest.removeFirst()
            fraction = takeDigits(&rest)
            if whole == 0 || fraction == 0 { unusual = true }
        }
        guard whole + fraction > 0 else { return nil }
        if rest.first == "e" || rest.first == "E" {
            if rest.first == "E" { unusual = true }
            rest.removeFirst()
            if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
            guard takeDigits(&rest) > 0 else { return nil }
        }
        guard rest.isEmpty, let value = Double(text) else { return nil }
        return unusual ? .unusual(value) : .canonical(value)
    }

    private static func takeDigits(_ text: inout Substring) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        text = text[digits.endIndex...]
        return digits.count
    }

    /// How `le` has to be written so that no server rewrites it.
    ///
    /// Shortest digits, an exponent below 1e-4 and from 1e6 on, a point in everything else: what Prometheus 3 makes of
    /// the label whatever it was, so that any other spelling splits the series on upgrade.
    static func canonicalBound(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        if value == 0 { return sign + "0.0" }
        let (digits, exponent) = shortestDigits(value.magnitude)
        if exponent < -4 || exponent >= 6 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = String(abs(exponent))
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + (power.count < 2 ? "0" : "") + power
        }
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
        }
        let padded = digits + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let fraction = padded.dropFirst(exponent + 1)
        return sign + padded.prefix(exponent + 1) + "." + (fraction.isEmpty ? "0" : String(fraction))
    }

    /// The shortest digits that read back as `value`, and the power of ten of the first one.
    private static func shortestDigits(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e")
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = halves[0].drop { $0 == "0" }
        var digits = whole + (halves.count > 1 ? halves[1] : "")
        var exponent = power + whole.count - 1
        while digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == "0" { digits.removeLast() }
        return (String(digits), exponent)
    }
}
