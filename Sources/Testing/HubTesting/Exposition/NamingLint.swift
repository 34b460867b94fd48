// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Holds names, units and labels of an exposition against the conventions: those that `promtool check metrics` knows,
/// and those of this project.
package struct NamingLint: Sendable {
    /// A family that breaks a rule.
    package struct Finding: Hashable, Sendable, CustomStringConvertible {
        package let family: String
        package let rule: Rule
        package let detail: String

        package var description: String {
            "\(family): \(rule.rawValue)" + (detail.isEmpty ? "" : " (\(detail))")
        }
    }

    package enum Rule: String, CaseIterable, Sendable {
        // As promtool has them, in the order of its source.
        case missingHelp = "no help text"
        case baseUnit = "not a base unit"
        case counterWithoutTotal = "a counter's name ends with _total"
        case totalWithoutCounter = "only a counter's name ends with _total"
        case reservedSuffix = "_bucket, _count and _sum are for histograms"
        case reservedLabel = "le is for histograms, quantile for summaries"
        case typeInName = "the type is in the name"
        case colon = "a colon is for recording rules"
        case camelCase = "names are in snake_case"
        case abbreviatedUnit = "an abbreviated unit"

        // Ours.
        case missingType = "no type"
        case prefix = "a name outside the known prefixes"
        case upperCase = "upper case in a name"
        case doubleUnderscore = "two underscores in a row"
        case unitSuffix = "the unit is not the last word"
        case summary = "a summary cannot be aggregated"
        case unequalLabels = "series of one family with different label names"
        case unequalBounds = "histograms of one family with different bounds"
        case identityLabel = "a label that names a person, a place or a secret"
        case noSamples = "metadata without a sample"

        /// Whether promtool finds it too.
        package var isPromtools: Bool {
            switch self {
            case .missingHelp, .baseUnit, .counterWithoutTotal, .totalWithoutCounter, .reservedSuffix, .reservedLabel,
                .typeInName, .colon, .camelCase, .abbreviatedUnit:
                true
            default: false
            }
        }
    }

    /// What a family's name may begin with.
    package var prefixes = ["gohub_", "process_"]
    /// Labels whose values come from users and never end.
    package var identityLabels: Set<String> = [
        "user", "user_id", "client", "client_id", "connection", "connection_id", "topic", "room", "channel", "ip",
        "address", "remote_addr", "token", "error", "message", "trace_id", "session",
    ]

    package init() {}

    package func findings(in exposition: Exposition) -> [Finding] {
        exposition.families.flatMap { family in
            FamilyLint(lint: self, family: family, format: exposition.format).findings()
        }
    }
}

/// The rules, applied to one family.
private struct FamilyLint {
    let lint: NamingLint
    let family: Exposition.Family
    let format: Exposition.Format

    /// The name as the text format has it, which is what the conventions are about.
    var name: String {
        switch (format, family.type) {
        case (.openMetrics, .counter): family.name + "_total"
        case (.openMetrics, .info): family.name + "_info"
        default: family.name
        }
    }

    var words: [Substring] { name.lowercased().split(separator: "_") }
    var labelNames: Set<String> { Set(family.samples.flatMap { $0.labels.map(\.name) }) }

    func findings() -> [NamingLint.Finding] {
        let broken: [(NamingLint.Rule, String?)] = [
            (.missingHelp, (family.help ?? "").isEmpty ? "" : nil),
            (.baseUnit, units.first { $0.base != $0.unit }.map { "\($0.unit) instead of \($0.base)" }),
            (.counterWithoutTotal, family.type == .counter && !name.hasSuffix("_total") ? "" : nil),
            (.totalWithoutCounter, isTyped && family.type != .counter && name.hasSuffix("_total") ? "" : nil),
            (.reservedSuffix, reservedSuffix),
            (.reservedLabel, reservedLabel),
            (.typeInName, Self.typeNames.first { contains($0) }),
            (.colon, name.contains(":") ? "" : nil),
            (.camelCase, ([name] + labelNames).first { isCamelCase($0) }),
            (.abbreviatedUnit, Self.abbreviations.first { contains($0) }),
            (.missingType, family.type == nil ? "" : nil),
            (.prefix, lint.prefixes.contains { name.hasPrefix($0) } ? nil : ""),
            (.upperCase, ([name] + labelNames).first { $0 != $0.lowercased() }),
            (.doubleUnderscore, ([name] + labelNames).first { $0.contains("__") }),
            (.unitSuffix, misplacedUnit),
            (.summary, family.type == .summary ? "" : nil),
            (.unequalLabels, unequal { Set($0.map(\.name)).subtracting(["le", "quantile"]) }),
            (.unequalBounds, unequalBounds),
            (.identityLabel, labelNames.first { lint.identityLabels.contains($0) }),
            (.noSamples, family.samples.isEmpty ? "" : nil),
        ]
        return broken.compactMap { rule, detail in
            detail.map { NamingLint.Finding(family: family.name, rule: rule, detail: $0) }
        }
    }

    private var isTyped: Bool {
        family.type != nil && family.type != .untyped && family.type != .unknown
    }

    /// Whether the name has the word within it or at its end.
    private func contains(_ word: String) -> Bool {
        let name = name.lowercased()
        return name.contains("_\(word)_") || name.hasSuffix("_\(word)")
    }

    private func isCamelCase(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { (97...122).contains($0) && (65...90).contains($1) }
    }

    private var reservedSuffix: String? {
        guard isTyped, family.type != .histogram else { return nil }
        if name.hasSuffix("_bucket") { return "_bucket" }
        if family.type == .summary { return nil }
        return ["_count", "_sum"].first { name.hasSuffix($0) }
    }

    private var reservedLabel: String? {
        guard isTyped else { return nil }
        if family.type != .histogram, family.type != .gaugehistogram, labelNames.contains("le") { return "le" }
        return family.type != .summary && labelNames.contains("quantile") ? "quantile" : nil
    }

    // MARK: Units

    private var units: [(unit: String, base: String)] {
        words.compactMap { word in
            for (unit, base) in Self.units where word == unit { return (unit, base) }
            for (unit, base) in Self.units where word.hasSuffix(unit) {
                let prefix = String(word.dropLast(unit.count))
                if Self.unitPrefixes.contains(prefix) { return (String(word), base) }
            }
            return nil
        }
    }

    /// A base unit anywhere but at the end, where `_total` may follow, or a UNIT that differs from it.
    private var misplacedUnit: String? {
        let stem = words.last == "total" ? words.dropLast() : words[...]
        let bases = Set(["seconds", "bytes"])
        if let unit = family.unit, stem.last.map(String.init) != unit { return unit }
        if stem.dropLast().contains(where: { bases.contains(String($0)) }) { return String(stem.last ?? "") }
        return nil
    }

    // MARK: Series among themselves

    private func unequal(_ names: ([Exposition.Label]) -> Set<String>) -> String? {
        let sets = Set(family.samples.map { names($0.labels) })
        return sets.count > 1 ? sets.map { $0.sorted().joined(separator: ",") }.sorted().joined(separator: " | ") : nil
    }

    private var unequalBounds: String? {
        var bounds: [Set<Exposition.Label>: [String]] = [:]
        for sample in family.samples {
            guard let bound = sample[label: "le"] else { continue }
            bounds[Set(sample.labels.filter { $0.name != "le" }), default: []].append(bound)
        }
        return Set(bounds.values).count > 1 ? "\(Set(bounds.values).count) different sets" : nil
    }

    // MARK: Words, as in promtool 2.42

    private static let typeNames = ["counter", "gauge", "summary", "histogram", "gauge_histogram"]
    private static let abbreviations = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ]
    private static let unitPrefixes: Set<String> = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga",
        "gibi", "tera", "tebi", "peta", "pebi",
    ]
    private static let units = [
        "amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "grams": "grams", "joules": "joules",
        "kelvin": "kelvin", "meters": "meters", "metres": "metres", "seconds": "seconds", "volts": "volts",
        "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "kelvins": "kelvin",
        "fahrenheit": "celsius", "rankine": "celsius", "inches": "meters", "yards": "meters", "miles": "meters",
        "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
    ]
}
