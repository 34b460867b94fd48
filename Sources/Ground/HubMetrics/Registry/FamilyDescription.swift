// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a family's samples mean.
package enum MetricType: String, Sendable, Hashable, CaseIterable {
    case counter, gauge, histogram, info
    case stateSet = "stateset"
}

/// The base unit that a family's name ends in.
package enum MetricUnit: String, Sendable, Hashable, CaseIterable {
    /// A plain number; the name says what of.
    case none = ""
    /// Counted and observed in whole nanoseconds, shown as seconds.
    case seconds
    case bytes
    /// 0 through 1, or 1 and more for a growth.
    case ratio

    /// The unit that the name claims, after a counter's `_total`.
    package init(ofFamily name: String, type: MetricType) {
        let stem = type == .counter ? FamilyDescription.stem(of: name, type: type) : name
        self = MetricUnit.allCases.first { $0 != .none && stem.hasSuffix("_" + $0.rawValue) } ?? .none
    }
}

/// The dashboards that a family can be on.
package enum Dashboard: String, Sendable, Hashable, CaseIterable {
    case overview, delivery, bus, clientsAndNode
}

/// Where an operator meets a family.
package enum Shown: Sendable, Hashable {
    /// On a panel of this dashboard.
    case dashboard(Dashboard)
    /// On none; for digging.
    case diagnostic
}

/// One label of a family.
package struct LabelDescription: Sendable, Hashable {
    /// The label's name.
    package var name: String
    /// All values it can have; nil where they come up while running, up to the family's limit.
    package var values: [String]?

    /// A label of this name.
    package init(name: String, values: [String]? = nil) {
        self.name = name
        self.values = values
    }
}

/// What there is to know of a family before any of it was counted: a row of the catalogue.
package struct FamilyDescription: Sendable, Hashable {
    /// The name as queries write it, a counter's with `_total`, an info's with `_info`.
    package var name: String
    package var type: MetricType
    package var unit: MetricUnit
    package var labels: [LabelDescription]
    /// The values of each series that can be, in the order of ``labels``; nil where every combination can be.
    package var combinations: [[String]]?
    /// A histogram's upper bounds in the unit shown, without `+Inf`.
    package var buckets: [Double]
    /// One sentence that says what is counted.
    package var help: String
    package var shown: Shown
    /// For labels with open values: how many series at most, the overflow series apart.
    package var seriesLimit: Int?

    /// A row of the catalogue; the unit follows from the name.
    package init(
        name: String,
        type: MetricType,
        labels: [LabelDescription] = [],
        combinations: [[String]]? = nil,
        buckets: [Double] = [],
        help: String,
        shown: Shown,
        seriesLimit: Int? = nil
    ) {
        self.name = name
        self.type = type
        self.unit = MetricUnit(ofFamily: name, type: type)
        self.labels = labels
        self.combinations = combinations
        self.buckets = buckets
        self.help = help
        self.shown = shown
        self.seriesLimit = seriesLimit
    }

    /// The name that OpenMetrics gives the family: without a counter's `_total`, an info's `_info`.
    package var openMetricsName: String { Self.stem(of: name, type: type) }

    static func stem(of name: String, type: MetricType) -> String {
        let suffix =
            switch type {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram, .stateSet: ""
            }
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }
}
