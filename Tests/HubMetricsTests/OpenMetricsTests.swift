// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@Suite("OpenMetrics 1.0")
struct OpenMetricsTests {
    @Test("O1 the page ends in # EOF and a line feed, and is only that while nothing is registered")
    func end() throws {
        #expect(Registry().page(.openMetrics) == "# EOF\n")
        #expect(Registry().page(.text004) == "")
        let page = everyKind().page(.openMetrics)
        #expect(page.hasSuffix("\n# EOF\n"))
        #expect(page.split(separator: "\n").filter { $0 == "# EOF" }.count == 1)
    }

    @Test("O2 no blank line, no plain comment, single spaces, no trailing comma, help always there")
    func lines() throws {
        let registry = everyKind()
        var page = registry.page(.openMetrics)
        #expect(page.removeLast() == "\n")
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            #expect(!line.isEmpty && !line.contains("  ") && !line.hasSuffix(" ") && !line.contains(",}"))
            guard line.hasPrefix("#") else { continue }
            let words = line.split(separator: " ")
            #expect(line == "# EOF" || ["TYPE", "UNIT", "HELP"].contains(words[1]))
            if words[1] == "HELP" { #expect(words.count > 3) }
        }
        _ = try registry.read(.openMetrics)
    }

    @Test("O3 TYPE, UNIT and HELP in this order, with the family's name without _total")
    func metadata() {
        let registry = Registry()
        _ = registry.secondsCounter("t_busy_seconds_total", help: "Busy.", shown: .diagnostic)
        _ = registry.gauge("t_depth", help: "Depth.", shown: .diagnostic)
        #expect(
            registry.page(.openMetrics) == """
                # TYPE t_busy_seconds counter
                # UNIT t_busy_seconds seconds
                # HELP t_busy_seconds Busy.
                t_busy_seconds_total 0
                # TYPE t_depth gauge
                # HELP t_depth Depth.
                t_depth 0
                # EOF

                """
        )
    }

    @Test(
        "O4 the unit is what the family's name ends in",
        arguments: [
            ("a_seconds", .gauge, .seconds), ("a_seconds_total", .counter, .seconds),
            ("a_bytes_total", .counter, .bytes),
            ("a_bytes", .histogram, .bytes), ("a_ratio", .gauge, .ratio), ("a_total", .counter, .none),
            ("a_bytes_max", .gauge, .none), ("a_seconds_info", .info, .none), ("seconds", .gauge, .none),
        ] as [(String, MetricType, MetricUnit)]
    )
    func units(name: String, type: MetricType, unit: MetricUnit) {
        #expect(FamilyDescription(name: name, type: type, help: "H.", shown: .diagnostic).unit == unit)
    }

    @Test("O5 info has the sample name_info 1; a state set one sample a state, labelled by its own name")
    func infoAndStates() throws {
        let registry = everyKind()
        let page = registry.page(.openMetrics)
        #expect(page.contains("# TYPE t_build info\n# HELP t_build Build.\nt_build_info{version=\"1\\\"2\"} 1\n"))
        #expect(
            page.contains(
                """
                # TYPE t_state stateset
                # HELP t_state State.
                t_state{t_state="room"} 0
                t_state{t_state="user"} 1
                t_state{t_state="broadcast"} 0

                """
            )
        )
        #expect(try registry.read(.openMetrics)[family: "t_state"]?.type?.rawValue == "stateset")
    }

    @Test("O6 bucket bounds are canonical floats, the same in both formats")
    func bounds() {
        let registry = Registry()
        let bounds: [Double] = [
            1e-9, 1e-6, 5e-6, 1e-5, 2.5e-4, 0.0001, 0.001, 0.005, 0.1, 0.25, 1, 2.5, 10, 86400, 100_000, 999_999, 1e6,
            1.5e6,
        ]
        _ = registry.histogram(
            "t_seconds",
            help: "T.",
            buckets: .custom(seconds: bounds.sorted()),
            shown: .diagnostic
        )
        let expected = [
            "1e-09", "1e-06", "5e-06", "1e-05", "0.0001", "0.00025", "0.001", "0.005", "0.1", "0.25", "1.0", "2.5",
            "10.0",
            "86400.0", "100000.0", "999999.0", "1e+06", "1.5e+06", "+Inf",
        ]
        for format in ExpositionFormat.allCases {
            let shown = registry.samples(format).compactMap { line -> String? in
                guard line.hasPrefix("t_seconds_bucket{le=\""), let end = line.lastIndex(of: "\"") else { return nil }
                return String(line[..<end].dropFirst("t_seconds_bucket{le=\"".count))
            }
            #expect(shown == expected)
        }
    }

    @Test("O6 every default bucket is exactly the decimal of the specification")
    func defaultBounds() {
        #expect(
            Buckets.microseconds.bounds == [
                1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
                10,
            ]
        )
        #expect(
            Buckets.milliseconds.bounds == [
                1e-4, 2.5e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
            ]
        )
    }

    @Test("O7 exemplars stand on buckets and counters only, with span, value in the bucket and time in seconds")
    func exemplars() throws {
        let registry = everyKind()
        let labels = "{trace_id=\"0123456789abcdeffedcba9876543210\",span_id=\"00f067aa0ba902b7\"}"
        let lines = registry.samples(.openMetrics).filter { $0.contains("#") }
        #expect(
            lines == [
                "t_latency_seconds_bucket{le=\"0.005\"} 1 # \(labels) 0.005 1700000000.123",
                "t_opened_total{transport=\"sse\"} 3 # \(labels) 3 1700000000.123",
            ]
        )
        let page = try registry.read(.openMetrics)
        #expect(page.samples.filter { $0.exemplar != nil }.count == 2)
    }

    @Test("O8 samples have no timestamps, and nothing says when it was created")
    func noTimestamps() throws {
        let page = everyKind().page(.openMetrics)
        #expect(!page.contains("_created"))
        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            let sample = line.split(separator: "#")[0]
            let value = sample.split(separator: "}").last ?? ""
            #expect(value.split(separator: " ").count == (sample.contains("{") ? 1 : 2), "\(line)")
        }
    }

    @Test("O9 names stand unquoted, and every name is legacy-valid")
    func names() throws {
        for format in ExpositionFormat.allCases {
            let page = everyKind().page(format)
            #expect(!page.contains("{\""))
            let read = try everyKind().read(format)
            for sample in read.samples {
                #expect(RegistrationRules.isMetricName(sample.name))
                for label in sample.labels { #expect(RegistrationRules.isMetricName(label.name)) }
            }
        }
    }
}
