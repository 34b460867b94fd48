// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A registered family: its row in the catalogue, its header lines, its series.
final class FamilyEntry: Sendable {
    let description: FamilyDescription
    let series: any SeriesBlock
    private let textHeader: [UInt8]
    private let openMetricsHeader: [UInt8]

    init(_ description: FamilyDescription, series: any SeriesBlock) {
        self.description = description
        self.series = series
        let help = description.help
        // Text 0.0.4 knows neither type: both are gauges there.
        let textType =
            switch description.type {
            case .info, .stateSet: MetricType.gauge.rawValue
            case .counter, .gauge, .histogram: description.type.rawValue
            }
        let name = Array(description.name.utf8)
        textHeader =
            Array("# HELP ".utf8) + name + [32] + LabelText.escaped(help: help, for: .text004) + Array("\n# TYPE ".utf8)
            + name + Array(" \(textType)\n".utf8)

        let stem = description.openMetricsName
        var header = Array("# TYPE \(stem) \(description.type.rawValue)\n".utf8)
        if description.unit != .none { header += "# UNIT \(stem) \(description.unit.rawValue)\n".utf8 }
        header += "# HELP \(stem) ".utf8
        header += LabelText.escaped(help: help, for: .openMetrics)
        header.append(UInt8(ascii: "\n"))
        openMetricsHeader = header
    }

    /// Writes header and samples; nothing at all for a family without series.
    func write(_ scrape: Scrape, to buffer: inout ExpositionBuffer) {
        guard series.seriesCount > 0 else { return }
        buffer.write(scrape.format == .text004 ? textHeader : openMetricsHeader)
        series.write(scrape, to: &buffer)
    }
}
