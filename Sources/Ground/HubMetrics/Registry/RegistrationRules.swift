// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a family must satisfy so that every page with it can be read, by Prometheus 2 and 3, in both formats.
package enum RegistrationRules {
    /// How many series a family of closed labels may have.
    package static let maximumSeries = 2000

    /// Checks a family by itself and against those registered before.
    package static func validate(
        _ family: FamilyDescription,
        against others: [FamilyDescription] = []
    ) throws(RegistrationError) {
        try validateName(family)
        try validateHelp(family)
        try validateLabels(family)
        try validateBuckets(family)
        let claimed = claims(of: family)
        for other in others {
            if other.name == family.name {
                throw RegistrationError(code: .duplicate, message: "\(family.name) is registered already")
            }
            if let name = claims(of: other).first(where: claimed.contains) {
                throw RegistrationError(
                    code: .clash,
                    message: "\(family.name) and \(other.name) would both have the name \(name)"
                )
            }
        }
    }

    /// Whether the text is a metric name as we allow it: no colon, which is for recording rules.
    package static func isMetricName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy(isNameByte)
    }

    /// Whether the text is a label name of our own: not reserved by Prometheus, a histogram or a summary.
    package static func isLabelName(_ name: String) -> Bool {
        isMetricName(name) && !name.hasPrefix("__") && name != "le" && name != "quantile"
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    /// The endings that a type gives its samples, so that no other type's name may have them.
    private static let suffixes = ["_total", "_created", "_bucket", "_count", "_sum", "_info", "_gcount", "_gsum"]

    private static func validateName(_ family: FamilyDescription) throws(RegistrationError) {
        let name = family.name
        guard isMetricName(name), name.utf8.count <= 200 else {
            throw RegistrationError(code: .badName, message: "\"\(name)\" is not a metric name")
        }
        let required: String? =
            switch family.type {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram, .stateSet: nil
            }
        if let required, !name.hasSuffix(required) || name == required {
            throw RegistrationError(code: .badSuffix, message: "the \(family.type) \(name) must end in \(required)")
        }
        let stem = family.openMetricsName
        if let suffix = suffixes.first(where: stem.hasSuffix) {
            throw RegistrationError(code: .badSuffix, message: "\(name) must not have \(suffix) in this place")
        }
        guard family.unit == MetricUnit(ofFamily: name, type: family.type) else {
            throw RegistrationError(
                code: .badUnit,
                message: "\(name) has unit \"\(family.unit.rawValue)\" and must end in it"
            )
        }
    }

    private static func validateHelp(_ family: FamilyDescription) throws(RegistrationError) {
        guard family.help.contains(where: { !$0.isWhitespace }),
            !family.help.utf8.contains(where: { $0 == 0 || $0 == 13 })
        else {
            throw RegistrationError(code: .badHelp, message: "\(family.name) needs a help text")
        }
    }

    private static func validateLabels(_ family: FamilyDescription) throws(RegistrationError) {
        var series = 1
        for (index, label) in family.labels.enumerated() {
            let mayBeOwnName = family.type == .stateSet && label.name == family.name
            guard isLabelName(label.name) || mayBeOwnName else {
                throw RegistrationError(code: .badLabelName, message: "\(family.name) has the label \"\(label.name)\"")
            }
            if family.labels[..<index].contains(where: { $0.name == label.name }) {
                throw RegistrationError(code: .duplicateLabel, message: "\(family.name) has \(label.name) twice")
            }
            guard let values = label.values else { continue }
            guard !values.isEmpty, Set(values).count == values.count, values.allSatisfy(isLabelValue) else {
                throw RegistrationError(
                    code: .badLabelValue,
                    message: "\(family.name) has a bad or repeated value among \(label.name)=\(values)"
                )
            }
            series *= values.count
        }
        if family.type == .stateSet, family.labels.map(\.name) != [family.name] {
            throw RegistrationError(code: .badLabelName, message: "\(family.name) must have one label of its own name")
        }
        guard series <= maximumSeries, family.seriesLimit ?? 1 > 0 else {
            throw RegistrationError(code: .tooManySeries, message: "\(family.name) would have \(series) series")
        }
    }

    private static func isLabelValue(_ value: String) -> Bool {
        value == LabelText.sanitized(value)
    }

    private static func validateBuckets(_ family: FamilyDescription) throws(RegistrationError) {
        let bounds = family.buckets
        let rises = zip(bounds, bounds.dropFirst()).allSatisfy(<) && bounds.allSatisfy(\.isFinite)
        guard rises, bounds.isEmpty == (family.type != .histogram) else {
            throw RegistrationError(code: .badBuckets, message: "\(family.name) has the buckets \(bounds)")
        }
    }

    /// The names that a family's samples and metadata have or may come to have.
    private static func claims(of family: FamilyDescription) -> Set<String> {
        let stem = family.openMetricsName
        switch family.type {
        case .counter: return [stem, stem + "_total", stem + "_created"]
        case .info: return [stem, stem + "_info"]
        case .gauge, .stateSet: return [stem]
        case .histogram: return [stem, stem + "_bucket", stem + "_count", stem + "_sum", stem + "_created"]
        }
    }
}
