// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The formats that a scrape can be written in.
package enum ExpositionFormat: Sendable, Hashable, CaseIterable {
    /// The Prometheus text format, which every scraper reads.
    case text004
    /// OpenMetrics 1.0: units and exemplars beside the samples.
    case openMetrics

    /// The value of `Content-Type`; Prometheus 3 refuses a page without it.
    package var contentType: String {
        switch self {
        case .text004: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}
