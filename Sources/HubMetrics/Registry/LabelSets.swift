// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The labels of a family whose values are the cases of enums.
struct LabelSets {
    /// What the catalogue says of them.
    private(set) var descriptions: [LabelDescription] = []

    init() {}

    /// With one more label, the last so far to vary fastest.
    func adding<L: MetricLabel>(_ label: L.Type) -> LabelSets {
        guard L.hasPlainLayout else {
            preconditionFailure("\(L.self) labels no metric: it must be an enum of at most 64 plain cases")
        }
        var sets = self
        sets.descriptions.append(LabelDescription(name: L.labelName, values: L.allCases.map(\.labelValue)))
        return sets
    }

    /// The labels of each child, in the order of ``Family``'s subscripts.
    var pairs: [[UInt8]] {
        var sets: [[(name: String, value: String)]] = [[]]
        for label in descriptions {
            sets = sets.flatMap { set in (label.values ?? []).map { set + [(label.name, $0)] } }
        }
        return sets.map(LabelText.pairs)
    }
}
