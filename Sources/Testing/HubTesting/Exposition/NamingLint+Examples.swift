// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension NamingLint {
    /// A body in the text format and the rules that it breaks.
    package struct Example: Sendable, CustomStringConvertible {
        package let body: String
        package let rules: Set<Rule>

        package var description: String { rules.map(\.rawValue).sorted().joined(separator: ", ") }

        /// Whether promtool has something to say about it.
        package var isPromtools: Bool { rules.contains(where: \.isPromtools) }
    }

    /// Examples for every rule, for the lint's own tests and for holding it against promtool.
    package static let examples: [Example] = [
        example([], "gohub_writes_total", "counter", "gohub_writes_total{scope=\"room\"} 1"),
        example([], "gohub_connections", "gauge", "gohub_connections 1"),
        Example(body: "# TYPE gohub_connections gauge\ngohub_connections 1\n", rules: [.missingHelp]),
        Example(body: "# HELP gohub_connections H.\ngohub_connections 1\n", rules: [.missingType]),
        example([.baseUnit], "gohub_age_hours", "gauge", "gohub_age_hours 1"),
        example([.baseUnit], "gohub_age_milliseconds", "gauge", "gohub_age_milliseconds 1"),
        example([.baseUnit], "gohub_kilobytes_total", "counter", "gohub_kilobytes_total 1"),
        example([.counterWithoutTotal], "gohub_writes", "counter", "gohub_writes 1"),
        example([.totalWithoutCounter], "gohub_writes_total", "gauge", "gohub_writes_total 1"),
        example([.reservedSuffix], "gohub_writes_count", "gauge", "gohub_writes_count 1"),
        example([.reservedSuffix], "gohub_writes_sum", "gauge", "gohub_writes_sum 1"),
        example([.reservedSuffix], "gohub_writes_bucket", "gauge", "gohub_writes_bucket 1"),
        example([.reservedLabel], "gohub_writes_total", "counter", "gohub_writes_total{le=\"1.0\"} 1"),
        example([.reservedLabel], "gohub_writes_total", "counter", "gohub_writes_total{quantile=\"0.5\"} 1"),
        example([.typeInName], "gohub_writes_gauge", "gauge", "gohub_writes_gauge 1"),
        example([.typeInName], "gohub_counter_writes_total", "counter", "gohub_counter_writes_total 1"),
        example([.colon], "gohub_a:b", "gauge", "gohub_a:b 1"),
        example([.camelCase, .upperCase], "gohub_openFiles", "gauge", "gohub_openFiles 1"),
        example([.camelCase, .upperCase], "gohub_files", "gauge", "gohub_files{fileKind=\"a\"} 1"),
        example([.abbreviatedUnit], "gohub_age_ms", "gauge", "gohub_age_ms 1"),
        example([.abbreviatedUnit], "gohub_read_kb_total", "counter", "gohub_read_kb_total 1"),
        example([.prefix], "hub_connections", "gauge", "hub_connections 1"),
        example([.upperCase], "gohub_CPU", "gauge", "gohub_CPU 1"),
        example([.doubleUnderscore], "gohub__connections", "gauge", "gohub__connections 1"),
        example([.unitSuffix], "gohub_seconds_waited", "gauge", "gohub_seconds_waited 1"),
        example([.unitSuffix], "gohub_bytes_read_total", "counter", "gohub_bytes_read_total 1"),
        example(
            [.summary],
            "gohub_wait_seconds",
            "summary",
            "gohub_wait_seconds{quantile=\"0.5\"} 1",
            "gohub_wait_seconds_sum 1",
            "gohub_wait_seconds_count 1"
        ),
        example(
            [.unequalLabels],
            "gohub_connections",
            "gauge",
            "gohub_connections 1",
            "gohub_connections{transport=\"ws\"} 1"
        ),
        example(
            [.unequalBounds],
            "gohub_wait_seconds",
            "histogram",
            "gohub_wait_seconds_bucket{x=\"a\",le=\"1.0\"} 1",
            "gohub_wait_seconds_bucket{x=\"a\",le=\"+Inf\"} 1",
            "gohub_wait_seconds_sum{x=\"a\"} 1",
            "gohub_wait_seconds_count{x=\"a\"} 1",
            "gohub_wait_seconds_bucket{x=\"b\",le=\"+Inf\"} 1",
            "gohub_wait_seconds_sum{x=\"b\"} 1",
            "gohub_wait_seconds_count{x=\"b\"} 1"
        ),
        example([.identityLabel], "gohub_connections", "gauge", "gohub_connections{user_id=\"7\"} 1"),
        example([.noSamples], "gohub_connections", "gauge"),
    ]

    private static func example(_ rules: Set<Rule>, _ name: String, _ type: String, _ samples: String...) -> Example {
        let lines = ["# HELP \(name) Something.", "# TYPE \(name) \(type)"] + samples
        return Example(body: lines.joined(separator: "\n") + "\n", rules: rules)
    }
}
