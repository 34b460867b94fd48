// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Registry {
    /// Registers a gauge.
    package func gauge(
        _ name: String,
        help: String,
        shown: Shown
    ) -> Gauge {
        gauges(name, help, LabelSets(), shown).table[0]
    }

    /// Registers gauges, one a case of the label.
    ///
    /// - Parameter possible: Which cases can be; another is on the page only while it is not 0.
    package func gauge<L: MetricLabel>(
        _ name: String,
        help: String,
        by label: L.Type,
        where possible: (L) -> Bool = { _ in true },
        shown: Shown
    ) -> Family<Gauge, L> {
        Family(handles: gauges(name, help, LabelSets.of(label, where: possible), shown).table)
    }

    /// Registers gauges, one a pair of cases.
    package func gauge<L1: MetricLabel, L2: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        where possible: (L1, L2) -> Bool = { _, _ in true },
        shown: Shown
    ) -> Family2<Gauge, L1, L2> {
        Family2(handles: gauges(name, help, LabelSets.of(first, second, where: possible), shown).table)
    }

    /// Registers gauges, one a triple of cases.
    package func gauge<L1: MetricLabel, L2: MetricLabel, L3: MetricLabel>(
        _ name: String,
        help: String,
        by first: L1.Type,
        _ second: L2.Type,
        _ third: L3.Type,
        shown: Shown
    ) -> Family3<Gauge, L1, L2, L3> {
        Family3(handles: gauges(name, help, LabelSets().adding(first).adding(second).adding(third), shown).table)
    }

    /// Registers gauges, one a number from 0 on.
    ///
    /// - Parameter label: The label's name; its values are `0`, `1` and so on.
    /// - Parameter limit: The most there may be on any machine, which the catalogue tells.
    package func gauges(
        _ name: String,
        help: String,
        numbered label: String,
        count: Int,
        limit: Int,
        shown: Shown
    ) -> [Gauge] {
        let table = gauges(name, help, LabelSets.numbered(label, count: count, limit: limit), shown).table
        return (0..<count).map { table[$0] }
    }

    /// Registers a set of states, one series a case, of which the label has the family's own name.
    package func stateSet<S: MetricLabel>(
        _ name: String,
        help: String,
        of states: S.Type,
        shown: Shown
    ) -> StateSet<S> {
        let values = LabelSets().adding(states).descriptions.flatMap { $0.values ?? [] }
        let label = LabelDescription(name: name, values: values)
        let description = FamilyDescription(name: name, type: .stateSet, labels: [label], help: help, shown: shown)
        let block = register(description) {
            StateBlock(lines: SampleLines(values.map { LabelText.prefix(name, LabelText.pairs([(name, $0)])) }))
        }
        return StateSet(cell: block.cell)
    }

    /// Registers facts that do not change while the process lives, as labels of a series that is always 1.
    ///
    /// - Parameter name: Ends in `_info`.
    /// - Parameter labels: Names and values; a value may be any text.
    package func info(
        _ name: String,
        help: String,
        labels: [(name: String, value: String)],
        shown: Shown
    ) {
        let labels = labels.map { (name: $0.name, value: LabelText.sanitized($0.value)) }
        let description = FamilyDescription(
            name: name,
            type: .info,
            labels: labels.map { LabelDescription(name: $0.name) },
            help: help,
            shown: shown
        )
        _ = register(description) {
            StateBlock(lines: SampleLines([LabelText.prefix(name, LabelText.pairs(labels))]), on: 1)
        }
    }

    private func gauges(_ name: String, _ help: String, _ labels: LabelSets, _ shown: Shown) -> GaugeBlock {
        let description = FamilyDescription(
            name: name,
            type: .gauge,
            labels: labels.descriptions,
            combinations: labels.combinations,
            help: help,
            shown: shown,
            seriesLimit: labels.limit
        )
        return register(description) {
            GaugeBlock(
                lines: SampleLines(labels.pairs.map { LabelText.prefix(name, $0) }),
                hidden: labels.hidden
            )
        }
    }
}
