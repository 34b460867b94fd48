// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Exposition {
    /// A count that went down, or away, between two scrapes of one process.
    package struct Regression: Sendable, CustomStringConvertible {
        package let series: String
        package let before: Double
        /// Nil when the series is gone.
        package let after: Double?

        package var description: String {
            "\(series) went from \(before) to \(after.map(String.init(describing:)) ?? "nothing")"
        }
    }

    /// Every counter and histogram that fell since an earlier scrape, which Prometheus would take for a restart.
    ///
    /// Counts are compared as whole numbers, so that a step back by one is seen above 2⁵³ as well.
    ///
    /// - Parameter removed: Names of families whose series are allowed to vanish.
    package func regressions(since earlier: Exposition, allowingRemovalFrom removed: Set<String> = []) -> [Regression] {
        var now: [Key: Sample] = [:]
        for sample in samples { now[Key(sample)] = sample }
        var found: [Regression] = []
        for family in earlier.families {
            for sample in family.samples where family.isMonotonic(sample) {
                if let later = now[Key(sample)] {
                    if later.isLess(than: sample) {
                        found.append(Regression(series: sample.series, before: sample.value, after: later.value))
                    }
                } else if !removed.contains(family.name) {
                    found.append(Regression(series: sample.series, before: sample.value, after: nil))
                }
            }
        }
        return found
    }

    private struct Key: Hashable {
        let name: String
        let labels: Set<Label>

        init(_ sample: Sample) {
            name = sample.name
            labels = Set(sample.labels)
        }
    }
}

extension Exposition.Family {
    /// Whether the sample may only grow; a sum may fall only if something negative was observed, which ours never is.
    fileprivate func isMonotonic(_ sample: Exposition.Sample) -> Bool {
        switch type {
        case .counter, .histogram: sample.name != createdName
        case .summary: sample.name != name && sample.name != createdName
        default: false
        }
    }
}

extension Exposition.Sample {
    fileprivate func isLess(than other: Self) -> Bool {
        if let mine = UInt64(text), let theirs = UInt64(other.text) { return mine < theirs }
        return value < other.value
    }
}
