// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension Registry {
    /// Registers what the registry tells of itself: series, scrapes, overflows, refused updates.
    package func registerSelfMetrics() {
        let node = Shown.dashboard(.clientsAndNode)
        let series = gauge("gohub_metrics_series", help: "Sample lines on this page.", shown: node)
        let duration = gauge(
            "gohub_metrics_scrape_duration_seconds",
            help: "How long the page took to collect and write last time.",
            shown: node
        )
        let size = gauge(
            "gohub_metrics_page_bytes",
            help: "How long the page was last time, before compression.",
            shown: .diagnostic
        )
        let scrapes = counter(
            "gohub_metrics_scrapes_total",
            help: "Pages written, by format, before this one.",
            by: ExpositionFormat.self,
            shown: .diagnostic
        )
        let refused = counter(
            "gohub_metrics_updates_refused_total",
            help: "Updates that were not taken; each is a fault in the program.",
            by: RefusedUpdate.self,
            shown: .diagnostic
        )
        if overflows.want() { registerOverflow() }
        let formats = ExpositionFormat.allCases
        let reasons = RefusedUpdate.allCases
        onScrape { [unowned self] in
            series.set(seriesCount)
            duration.set(Double(lastScrape.nanoseconds) / 1e9)
            size.set(lastScrape.bytes)
            for index in formats.indices { scrapes[formats[index]].publish(scrapeCount(formats[index])) }
            for index in reasons.indices { refused[reasons[index]].publish(refusedUpdates(reasons[index])) }
        }
    }

    func registerOverflow() {
        let description = FamilyDescription(
            name: OverflowBlock.name,
            type: .counter,
            labels: [LabelDescription(name: "family")],
            help: "Lookups of series beyond a family's limit, counted in its series __overflow__ instead.",
            shown: .dashboard(.clientsAndNode)
        )
        _ = register(description) { overflows }
    }
}

extension ExpositionFormat: MetricLabel {
    package static var labelName: String { "format" }

    package var labelValue: String {
        switch self {
        case .text004: "text"
        case .openMetrics: "openmetrics"
        }
    }
}
