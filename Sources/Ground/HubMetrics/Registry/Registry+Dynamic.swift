// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Registry {
    /// Registers counters whose label values come up while running.
    ///
    /// Counters do not expire: one that came back would look like a restart. Remove what is gone for good.
    ///
    /// - Parameter name: Ends in `_total`.
    /// - Parameter labels: The labels' names. Never users, topics, addresses or error texts by themselves.
    /// - Parameter limit: How many series at most; 1 to 100 000.
    package func dynamicCounter(
        _ name: String,
        help: String,
        labels: [String],
        limit: Int = 2000,
        shown: Shown
    ) -> DynamicFamily<Counter> {
        DynamicFamily(block: dynamic(name, help, labels, limit, shown, type: .counter, idle: nil))
    }

    /// Registers gauges whose label values come up while running.
    ///
    /// - Parameter labels: The labels' names. Never users, topics, addresses or error texts by themselves.
    /// - Parameter limit: How many series at most; 1 to 100 000.
    /// - Parameter idle: How long a series stays without an update, measured at scrapes; nil for ever.
    package func dynamicGauge(
        _ name: String,
        help: String,
        labels: [String],
        limit: Int = 2000,
        idle: Duration? = nil,
        shown: Shown
    ) -> DynamicFamily<Gauge> {
        let milliseconds = idle.map { $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000 }
        return DynamicFamily(block: dynamic(name, help, labels, limit, shown, type: .gauge, idle: milliseconds))
    }

    private func dynamic(
        _ name: String,
        _ help: String,
        _ labels: [String],
        _ limit: Int,
        _ shown: Shown,
        type: MetricType,
        idle: Int64?
    ) -> DynamicBlock {
        precondition(!labels.isEmpty, "\(name) has no label and needs not be dynamic")
        precondition((1...100_000).contains(limit), "\(name) must be limited to 1 through 100 000 series, not \(limit)")
        let description = FamilyDescription(
            name: name,
            type: type,
            labels: labels.map { LabelDescription(name: $0) },
            help: help,
            shown: shown,
            seriesLimit: limit
        )
        let block = register(description) {
            DynamicBlock(
                name: name,
                labels: labels,
                limit: limit,
                isGauge: type == .gauge,
                idle: idle,
                refusedUpdates: refusedCells
            )
        }
        if overflows.add(block, named: name) { registerOverflow() }
        return block
    }
}
