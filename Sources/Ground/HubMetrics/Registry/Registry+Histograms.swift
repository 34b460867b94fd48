// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Registry {
    /// Registers a histogram.
    ///
    /// - Parameter name: Ends in the buckets' unit, where they have one.
    /// - Parameter hot: Whether several threads observe often; then each has a stripe of its own, 4 to 8 KiB a series.
    /// - Parameter exemplars: Whether observations may carry an ``Exemplar``.
    package func histogram(
        _ name: String,
        help: String,
        buckets: Buckets,
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Histogram {
        histograms(name, help, LabelSets(), buckets, shown, hot: hot, exemplars: exemplars).table[0]
    }

    /// Registers histograms, one a case of the label.
    ///
    /// - Parameter name: Ends in the buckets' unit, where they have one.
    /// - Parameter possible: Which cases can be; another is on the page only if it is observed after all.
    /// - Parameter hot: Whether several threads observe often; then each has a stripe of its own, 4 to 8 KiB a series.
    /// - Parameter exemplars: Whether observations may carry an ``Exemplar``.
    package func histogram<L: MetricLabel>(
        _ name: String,
        help: String,
        by label: L.Type,
        where possible: (L) -> Bool = { _ in true },
        buckets: Buckets,
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Family<Histogram, L> {
        let labels = LabelSets.of(label, where: possible)
        return Family(handles: histograms(name, help, labels, buckets, shown, hot: hot, exemplars: exemplars).table)
    }

    /// Registers histograms, one a value of a list.
    ///
    /// - Parameter name: Ends in the buckets' unit, where they have one.
    /// - Parameter list: The label whose values the program knows at this moment only.
    /// - Returns: The histograms, in the list's order.
    package func histograms(
        _ name: String,
        help: String,
        listed list: LabelDescription,
        buckets: Buckets,
        shown: Shown
    ) -> [Histogram] {
        let labels = LabelSets.listed(list)
        let table = histograms(name, help, labels, buckets, shown, hot: false, exemplars: false).table
        return labels.hidden.indices.map { table[$0] }
    }

    /// Registers histograms, one a pair of cases.
    ///
    /// - Parameter name: Ends in the buckets' unit, where they have one.
    /// - Parameter possible: Which pairs can be; another is on the page only if it is observed after all.
    /// - Parameter hot: Whether several threads observe often; then each has a stripe of its own, 4 to 8 KiB a series.
    /// - Parameter exemplars: Whether observations may carry an ``Exemplar``.
    package func histogram<L1: MetricLabel, L2: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        where possible: (L1, L2) -> Bool = { _, _ in true },
        buckets: Buckets,
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Family2<Histogram, L1, L2> {
        let labels = LabelSets.of(first, second, where: possible)
        return Family2(handles: histograms(name, help, labels, buckets, shown, hot: hot, exemplars: exemplars).table)
    }

    /// Registers histograms, one a triple of cases.
    ///
    /// - Parameter name: Ends in the buckets' unit, where they have one.
    /// - Parameter hot: Whether several threads observe often; then each has a stripe of its own, 4 to 8 KiB a series.
    /// - Parameter exemplars: Whether observations may carry an ``Exemplar``.
    package func histogram<L1: MetricLabel, L2: MetricLabel, L3: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        _ third: L3.Type,
        buckets: Buckets,
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Family3<Histogram, L1, L2, L3> {
        Family3(
            handles: histograms(
                name,
                help,
                LabelSets().adding(first).adding(second).adding(third),
                buckets,
                shown,
                hot: hot,
                exemplars: exemplars
            ).table
        )
    }

    private func histograms(
        _ name: String,
        _ help: String,
        _ labels: LabelSets,
        _ buckets: Buckets,
        _ shown: Shown,
        hot: Bool,
        exemplars: Bool
    ) -> HistogramBlock {
        let description = FamilyDescription(
            name: name,
            type: .histogram,
            labels: labels.descriptions,
            combinations: labels.combinations,
            buckets: buckets.bounds,
            help: help,
            shown: shown
        )
        precondition(description.unit == buckets.unit, "\(name) has buckets of another unit than its name")
        return register(description) {
            HistogramBlock(
                name: name,
                labels: labels.pairs,
                hidden: labels.hidden,
                buckets: buckets,
                hot: hot,
                exemplars: exemplars,
                refusedUpdates: refusedCells
            )
        }
    }
}
