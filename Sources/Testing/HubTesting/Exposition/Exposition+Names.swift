// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// Which type exists in which format, and what its samples are called.

extension Exposition.Format {
    var types: Set<Exposition.FamilyType> {
        switch self {
        case .text: [.counter, .gauge, .histogram, .summary, .untyped]
        case .openMetrics:
            [.counter, .gauge, .histogram, .summary, .unknown, .info, .stateset, .gaugehistogram]
        }
    }
}

extension Exposition.FamilyType {
    /// What OpenMetrics appends to the family's name, `_created` aside; an empty one stands for the bare name.
    var suffixes: [String] {
        switch self {
        case .counter: ["_total"]
        case .gauge, .untyped, .unknown, .stateset: [""]
        case .histogram: ["_bucket", "_count", "_sum"]
        case .summary: ["", "_count", "_sum"]
        case .info: ["_info"]
        case .gaugehistogram: ["_bucket", "_gcount", "_gsum"]
        }
    }

    static let allSuffixes = ["_total", "_created", "_bucket", "_count", "_sum", "_info", "_gcount", "_gsum"]
}

extension Exposition.Family {
    /// The names that its samples may have.
    func sampleNames(in format: Exposition.Format) -> [String] {
        guard let type else { return [name] }
        // In the text format a counter's family bears the name of its sample.
        if format == .text, type == .counter { return [name] }
        return type.suffixes.map { name + $0 }
    }

    /// The sample of its creation time, which nobody should write.
    var createdName: String? {
        switch type {
        case .counter where name.hasSuffix("_total"): name.dropLast("_total".count) + "_created"
        case .counter, .histogram, .summary: name + "_created"
        default: nil
        }
    }
}

extension Exposition.Sample {
    func isBucket(of family: Exposition.Family) -> Bool {
        (family.type == .histogram || family.type == .gaugehistogram) && name == family.name + "_bucket"
    }

    /// The series as PromQL would write it.
    package var series: String {
        if labels.isEmpty { return name }
        let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        return name + "{" + pairs.joined(separator: ",") + "}"
    }

    /// Escapes scalar by scalar: a quote with a combining accent after it is still a quote.
    private static func escaped(_ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\", "\"": text += ["\\", scalar]
            case "\n": text += ["\\", "n"]
            default: text.append(scalar)
            }
        }
        return String(text)
    }

    package subscript(label name: String) -> String? {
        labels.first { $0.name == name }?.value
    }
}
