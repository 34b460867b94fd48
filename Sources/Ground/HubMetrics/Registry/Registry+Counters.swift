// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Registry {
    /// Registers a counter.
    ///
    /// - Parameter name: Ends in `_total`.
    /// - Parameter hot: Whether several threads count often; then each writes to a stripe of its own, 2 KiB a series.
    /// - Parameter exemplars: Whether increments may carry an ``Exemplar``.
    package func counter(
        _ name: String,
        help: String,
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Counter {
        counters(name, help, LabelSets(), shown, hot: hot, exemplars: exemplars).table[0]
    }

    /// Registers counters, one a case of the label.
    ///
    /// - Parameter name: Ends in `_total`.
    /// - Parameter possible: Which cases can be; another is on the page only if it is counted after all.
    /// - Parameter hot: Whether several threads count often; then each writes to a stripe of its own, 2 KiB a series.
    /// - Parameter exemplars: Whether increments may carry an ``Exemplar``.
    package func counter<L: MetricLabel>(
        _ name: String,
        help: String,
        by label: L.Type,
        where possible: (L) -> Bool = { _ in true },
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Family<Counter, L> {
        let labels = LabelSets.of(label, where: possible)
        return Family(handles: counters(name, help, labels, shown, hot: hot, exemplars: exemplars).table)
    }

    /// Registers counters, one a pair of cases.
    ///
    /// - Parameter name: Ends in `_total`.
    /// - Parameter possible: Which pairs can be; another is on the page only if it is counted after all.
    /// - Parameter hot: Whether several threads count often; then each writes to a stripe of its own, 2 KiB a series.
    /// - Parameter exemplars: Whether increments may carry an ``Exemplar``.
    package func counter<L1: MetricLabel, L2: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        where possible: (L1, L2) -> Bool = { _, _ in true },
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Family2<Counter, L1, L2> {
        let labels = LabelSets.of(first, second, where: possible)
        return Family2(handles: counters(name, help, labels, shown, hot: hot, exemplars: exemplars).table)
    }

    /// Registers counters, one a triple of cases.
    ///
    /// - Parameter name: Ends in `_total`.
    /// - Parameter possible: Which triples can be; another is on the page only if it is counted after all.
    /// - Parameter hot: Whether several threads count often; then each writes to a stripe of its own, 2 KiB a series.
    /// - Parameter exemplars: Whether increments may carry an ``Exemplar``.
    package func counter<L1: MetricLabel, L2: MetricLabel, L3: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        _ third: L3.Type,
        where possible: (L1, L2, L3) -> Bool = { _, _, _ in true },
        shown: Shown,
        hot: Bool = false,
        exemplars: Bool = false
    ) -> Family3<Counter, L1, L2, L3> {
        let labels = LabelSets.of(first, second, third, where: possible)
        return Family3(handles: counters(name, help, labels, shown, hot: hot, exemplars: exemplars).table)
    }

    /// Registers counters, one a triple of a value of a list and two cases.
    ///
    /// - Parameter name: Ends in `_total`.
    /// - Parameter list: The label whose values the program knows at this moment only.
    /// - Parameter possible: Which triples can be, the first by its place in the list; another is on the page only if it is
    ///   counted after all.
    /// - Returns: The counters, the last label to vary fastest.
    package func counters<L1: MetricLabel, L2: MetricLabel>(
        _ name: String,
        help: String,
        listed list: LabelDescription,
        _ first: L1.Type,
        _ second: L2.Type,
        where possible: (Int, L1, L2) -> Bool,
        shown: Shown
    ) -> [Counter] {
        let labels = LabelSets.of(list, first, second, where: possible)
        let table = counters(name, help, labels, shown, hot: false, exemplars: false).table
        return labels.hidden.indices.map { table[$0] }
    }

    /// Registers a counter that counts nanoseconds and is shown in seconds.
    ///
    /// - Parameter name: Ends in `_seconds_total`.
    package func secondsCounter(
        _ name: String,
        help: String,
        shown: Shown,
        hot: Bool = false
    ) -> Counter {
        secondsCounters(name, help, LabelSets(), shown, hot: hot).table[0]
    }

    /// Registers counters, one a case of the label that count nanoseconds and are shown in seconds.
    ///
    /// - Parameter name: Ends in `_seconds_total`.
    package func secondsCounter<L: MetricLabel>(
        _ name: String,
        help: String,
        by label: L.Type,
        shown: Shown,
        hot: Bool = false
    ) -> Family<Counter, L> {
        Family(handles: secondsCounters(name, help, LabelSets().adding(label), shown, hot: hot).table)
    }

    /// Registers counters, one a pair of cases that count nanoseconds and are shown in seconds.
    ///
    /// - Parameter name: Ends in `_seconds_total`.
    package func secondsCounter<L1: MetricLabel, L2: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        shown: Shown,
        hot: Bool = false
    ) -> Family2<Counter, L1, L2> {
        Family2(handles: secondsCounters(name, help, LabelSets().adding(first).adding(second), shown, hot: hot).table)
    }

    /// Registers counters, one a triple of cases that count nanoseconds and are shown in seconds.
    ///
    /// - Parameter name: Ends in `_seconds_total`.
    package func secondsCounter<L1: MetricLabel, L2: MetricLabel, L3: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        _ third: L3.Type,
        shown: Shown,
        hot: Bool = false
    ) -> Family3<Counter, L1, L2, L3> {
        Family3(
            handles: secondsCounters(
                name,
                help,
                LabelSets().adding(first).adding(second).adding(third),
                shown,
                hot: hot
            ).table
        )
    }

    /// Registers counters that count nanoseconds and are shown in seconds, one a number from 0 on.
    ///
    /// - Parameter name: Ends in `_seconds_total`.
    /// - Parameter label: The label's name; its values are `0`, `1` and so on.
    /// - Parameter limit: The most there may be on any machine, which the catalogue tells.
    package func secondsCounters(
        _ name: String,
        help: String,
        numbered label: String,
        count: Int,
        limit: Int,
        shown: Shown
    ) -> [Counter] {
        let labels = LabelSets.numbered(label, count: count, limit: limit)
        let table = secondsCounters(name, help, labels, shown, hot: false).table
        return (0..<count).map { table[$0] }
    }

    private func counters(
        _ name: String,
        _ help: String,
        _ labels: LabelSets,
        _ shown: Shown,
        hot: Bool,
        exemplars: Bool,
        unit: MetricUnit = .none
    ) -> CounterBlock {
        let description = FamilyDescription(
            name: name,
            type: .counter,
            labels: labels.descriptions,
            combinations: labels.combinations,
            help: help,
            shown: shown,
            seriesLimit: labels.limit
        )
        return register(description) {
            CounterBlock(
                lines: SampleLines(labels.pairs.map { LabelText.prefix(name, $0) }),
                hidden: labels.hidden,
                hot: hot,
                exemplars: exemplars,
                unit: unit,
                refusedUpdates: refusedCells
            )
        }
    }

    private func secondsCounters(
        _ name: String,
        _ help: String,
        _ labels: LabelSets,
        _ shown: Shown,
        hot: Bool
    ) -> CounterBlock {
        precondition(name.hasSuffix("_seconds_total"), "\(name) counts seconds and must end in _seconds_total")
        return counters(name, help, labels, shown, hot: hot, exemplars: false, unit: .seconds)
    }
}
