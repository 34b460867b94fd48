// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Puts the lines of a body together into families and holds them against the rules that span lines.
struct ExpositionAssembler {
    enum Metadata: String {
        case type = "TYPE"
        case unit = "UNIT"
        case help = "HELP"
    }

    private(set) var exposition: Exposition
    var faults: [ExpositionFault] = []

    private let format: Exposition.Format
    private var states: [State] = []
    private var byName: [String: Int] = [:]
    private var current: Int?
    private var series: Set<SeriesKey> = []

    /// What is known of a family beside its content.
    private struct State {
        var seen: [Metadata] = []
        var left = false
        var reportedApart = false
    }

    /// A series as Prometheus tells them apart: by name and by labels in any order.
    private struct SeriesKey: Hashable {
        let name: String
        let labels: [Exposition.Label]
    }

    init(format: Exposition.Format) {
        self.format = format
        exposition = Exposition(format: format)
    }

    // MARK: Lines

    mutating func note(_ kind: Metadata, _ name: String, _ value: String, line: Int) {
        let index = enter(name, line: line)
        if states[index].seen.contains(kind) {
            report(.duplicateMetadata, line, "\(kind.rawValue) \(name)")
        } else if !exposition.families[index].samples.isEmpty {
            report(.metadataAfterSamples, line, "\(kind.rawValue) \(name)")
        }
        if format == .openMetrics, let last = states[index].seen.last, last.rank > kind.rank {
            report(.metadataOrder, line, "\(kind.rawValue) after \(last.rawValue)")
        }
        states[index].seen.append(kind)
        switch kind {
        case .help:
            if value.isEmpty { report(.emptyHelp, line, name) }
            exposition.families[index].help = value
        case .unit:
            if value.isEmpty || !name.hasSuffix("_" + value) { report(.unitNotSuffix, line, value) }
            exposition.families[index].unit = value
        case .type:
            guard let type = Exposition.FamilyType(rawValue: value), format.types.contains(type) else {
                return report(.unknownType, line, value)
            }
            if format == .openMetrics, let suffix = type.suffixes.first(where: { !$0.isEmpty && name.hasSuffix($0) }) {
                report(.familyNameHasSuffix, line, "\(name) ends with \(suffix)")
            }
            exposition.families[index].type = type
        }
    }

    mutating func add(_ sample: Exposition.Sample) {
        let index = enter(familyName(of: sample), line: sample.line)
        let family = exposition.families[index]
        checkName(of: sample, in: family)
        checkLabels(of: sample, in: family)
        checkExemplar(of: sample, in: family)
        let key = SeriesKey(name: sample.name, labels: sample.labels.sorted { $0.name < $1.name })
        if !series.insert(key).inserted { report(.duplicateSeries, sample.line, sample.series) }
        exposition.families[index].samples.append(sample)
    }

    /// The rules that can be judged only when all has been read.
    mutating func finish() {
        for family in exposition.families {
            var values = ExpositionValueRules(family: family, format: format)
            values.check()
            faults += values.faults
        }
        var owners: [String: String] = [:]
        for family in exposition.families {
            for name in family.sampleNames(in: format) {
                if let owner = owners.updateValue(family.name, forKey: name), owner != family.name {
                    report(.nameClash, family.line, "\(name) of \(owner) and \(family.name)")
                }
            }
        }
    }

    // MARK: Families

    /// Makes the family the current one; the one before is left and must not come back.
    private mutating func enter(_ name: String, line: Int) -> Int {
        let index: Int
        if let known = byName[name] {
            index = known
        } else {
            index = states.count
            byName[name] = index
            states.append(State())
            exposition.families.append(Exposition.Family(name: name, line: line))
        }
        if let current, current != index { states[current].left = true }
        if states[index].left, !states[index].reportedApart {
            states[index].reportedApart = true
            report(.interleavedFamily, line, name)
        }
        current = index
        return index
    }

    /// The family that a sample belongs to: the current one if it may have such a sample, else a known one, else a
    /// family of its own.
    private func familyName(of sample: Exposition.Sample) -> String {
        if let current {
            let family = exposition.families[current]
            if family.name == sample.name || owns(family, sample.name) { return family.name }
        }
        if byName[sample.name] != nil { return sample.name }
        for suffix in Exposition.FamilyType.allSuffixes where sample.name.hasSuffix(suffix) {
            let base = String(sample.name.dropLast(suffix.count))
            if let index = byName[base], owns(exposition.families[index], sample.name) { return base }
        }
        return sample.name
    }

    private func owns(_ family: Exposition.Family, _ sample: String) -> Bool {
        family.sampleNames(in: format).contains(sample) || family.createdName == sample
    }

    // MARK: Rules of one sample

    private mutating func checkName(of sample: Exposition.Sample, in family: Exposition.Family) {
        if sample.name == family.createdName {
            report(.createdSample, sample.line, sample.name)
        } else if let type = family.type, !family.sampleNames(in: format).contains(sample.name) {
            // The one fault of a family that wears its samples' suffix has been reported already.
            if type.suffixes.contains(where: { !$0.isEmpty && family.name.hasSuffix($0) }) { return }
            report(.wrongSuffix, sample.line, "\(sample.name) in a \(type.rawValue)")
        }
    }

    private mutating func checkLabels(of sample: Exposition.Sample, in family: Exposition.Family) {
        for label in sample.labels {
            let ours =
                (label.name == "le" && sample.isBucket(of: family))
                || (label.name == "quantile" && family.type == .summary && sample.name == family.name)
            if !ours, label.name.hasPrefix("__") || label.name == "le" || label.name == "quantile" {
                report(.reservedLabelName, sample.line, label.name)
            }
        }
    }

    private mutating func checkExemplar(of sample: Exposition.Sample, in family: Exposition.Family) {
        guard let exemplar = sample.exemplar else { return }
        if !(family.type == .counter && sample.name.hasSuffix("_total")) && !sample.isBucket(of: family) {
            report(.exemplarNotAllowed, sample.line, sample.name)
        }
        if exemplar.labels.isEmpty { report(.exemplarWithoutLabels, sample.line) }
        let length = exemplar.labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        if length > 128 { report(.exemplarTooLong, sample.line, "\(length) characters") }
        // The year 5138 in seconds, 1973 in milliseconds.
        if let timestamp = exemplar.timestamp, !(0..<1e11).contains(timestamp) {
            report(.exemplarTimeNotSeconds, sample.line, "\(timestamp)")
        }
    }

    private mutating func report(_ kind: ExpositionFault.Kind, _ line: Int, _ detail: String = "") {
        faults.append(ExpositionFault(kind: kind, line: line, detail: detail))
    }
}

extension ExpositionAssembler.Metadata {
    var rank: Int {
        switch self {
        case .type: 0
        case .unit: 1
        case .help: 2
        }
    }
}
