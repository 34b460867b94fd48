// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The labels of a family whose values are the cases of enums, and which of their combinations can be.
///
/// A combination that cannot be has a handle all the same, so that handles are found by arithmetic. It is on no page
/// while it is zero; should it be counted after all, the page shows it rather than the truth being lost.
struct LabelSets {
    /// All values of each label, in the order of the enums.
    private var all: [LabelDescription] = []
    /// Which children are on a page only when they are not zero, in the order of ``pairs``.
    private(set) var hidden: [Bool] = [false]
    /// For a label whose values are numbers from 0 on: how many there may be, whatever there are here.
    private(set) var limit: Int?

    init() {}

    /// One label whose values are the numbers from 0 on.
    ///
    /// - Parameter limit: How many there may be on other machines; the catalogue tells this and not `count`.
    static func numbered(_ name: String, count: Int, limit: Int) -> LabelSets {
        // A number that the program chose; one that a machine or a file gives is brought within the limit before.
        precondition((0...limit).contains(count), "\(name) must be at most \(limit), not \(count)")
        var sets = LabelSets()
        sets.all = [LabelDescription(name: name, values: (0..<count).map(String.init))]
        sets.hidden = Array(repeating: false, count: count)
        sets.limit = limit
        return sets
    }

    /// One label whose values are a list that the program knows when it registers the family.
    static func listed(_ label: LabelDescription) -> LabelSets {
        var sets = LabelSets()
        sets.all = [label]
        sets.hidden = Array(repeating: false, count: label.values?.count ?? 0)
        return sets
    }

    /// A label of a list and two of enums, of which those triples can be that `possible` says.
    static func of<L1: MetricLabel, L2: MetricLabel>(
        _ list: LabelDescription,
        _ first: L1.Type,
        _ second: L2.Type,
        where possible: (Int, L1, L2) -> Bool
    ) -> LabelSets {
        var sets = LabelSets.listed(list).adding(first).adding(second)
        sets.hidden = (list.values ?? []).indices.flatMap { one in
            L1.allCases.flatMap { two in L2.allCases.map { !possible(one, two, $0) } }
        }
        return sets
    }

    /// With one more label, the last so far to vary fastest.
    func adding<L: MetricLabel>(_ label: L.Type) -> LabelSets {
        guard L.hasPlainLayout else {
            // A type of the program's, known when it is built.
            preconditionFailure("\(L.self) labels no metric: it must be an enum of at most 64 plain cases")
        }
        var sets = self
        sets.all.append(LabelDescription(name: L.labelName, values: L.allCases.map(\.labelValue)))
        sets.hidden = Array(repeating: false, count: hidden.count * L.allCases.count)
        return sets
    }

    /// One label, of which those values can be that `possible` says.
    static func of<L: MetricLabel>(_ label: L.Type, where possible: (L) -> Bool) -> LabelSets {
        var sets = LabelSets().adding(label)
        sets.hidden = L.allCases.map { !possible($0) }
        return sets
    }

    /// Two labels, of which those pairs can be that `possible` says.
    static func of<L1: MetricLabel, L2: MetricLabel>(
        _ first: L1.Type,
        _ second: L2.Type,
        where possible: (L1, L2) -> Bool
    ) -> LabelSets {
        var sets = LabelSets().adding(first).adding(second)
        sets.hidden = L1.allCases.flatMap { one in L2.allCases.map { !possible(one, $0) } }
        return sets
    }

    /// Three labels, of which those triples can be that `possible` says.
    static func of<L1: MetricLabel, L2: MetricLabel, L3: MetricLabel>(
        _ first: L1.Type,
        _ second: L2.Type,
        _ third: L3.Type,
        where possible: (L1, L2, L3) -> Bool
    ) -> LabelSets {
        var sets = LabelSets().adding(first).adding(second).adding(third)
        sets.hidden = L1.allCases.flatMap { one in
            L2.allCases.flatMap { two in L3.allCases.map { !possible(one, two, $0) } }
        }
        return sets
    }

    /// The labels of each child, in the order of ``Family``'s subscripts.
    var pairs: [[UInt8]] { values.map { LabelText.pairs(zip(all, $0).map { (name: $0.name, value: $1) }) } }

    /// What the catalogue says of the labels: the values that can be.
    var descriptions: [LabelDescription] {
        guard limit == nil else { return all.map { LabelDescription(name: $0.name) } }
        let possible = possibleValues
        return all.enumerated().map { place, label in
            let found = Set(possible.map { $0[place] })
            return LabelDescription(name: label.name, values: label.values?.filter(found.contains))
        }
    }

    /// What the catalogue says of the combinations; nil where every one of the labels' values can be.
    var combinations: [[String]]? {
        guard limit == nil else { return nil }
        let possible = possibleValues
        let product = descriptions.reduce(1) { $0 * ($1.values?.count ?? 1) }
        return possible.count == product ? nil : possible
    }

    private var possibleValues: [[String]] { zip(values, hidden).filter { !$0.1 }.map(\.0) }

    /// The values of each child.
    private var values: [[String]] {
        all.reduce([[]]) { sets, label in sets.flatMap { set in (label.values ?? []).map { set + [$0] } } }
    }
}
