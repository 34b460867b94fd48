// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import gohub

@Suite("Reports of measurements")
struct BenchReportTests {
    private static let values: [Double] = [
        0, -0.0, 1, -1, 0.5, 0.0004, 0.0005, 1.23456, 1e9, 123_456_789.987, 1e15, 1e16, 1e22, 1e300, -1e300, .pi,
        .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity, .nan,
        9_007_199_254_740_992,
    ]

    @Test("as JSON every value is a number, whatever it is")
    func json() throws {
        var report = BenchReport()
        for (index, value) in Self.values.enumerated() { report.add("v\(index)", value, "µs") }
        let json = try JSONTree(parsing: Array(report.json.utf8))
        #expect(json.object.count == Self.values.count)
        for (index, value) in Self.values.enumerated() {
            let told = try #require(json["v\(index)"]?.number)
            if value.isFinite, abs(value) < 1e300 {
                #expect(abs(told - value) <= max(0.0005, abs(value) * 1e-12), "\(value)")
            }
        }
        #expect(report.json.hasSuffix("}\n"))
        #expect(!report.json.contains("inf") && !report.json.contains("nan"))
    }

    @Test("an empty report is an empty object")
    func empty() throws {
        #expect(try JSONTree(parsing: Array(BenchReport().json.utf8)) == .object([:]))
        #expect(BenchReport().text.isEmpty)
    }

    @Test("as text each figure has a line, with its unit")
    func text() {
        var report = BenchReport()
        report.add("clients", 1000)
        report.add("latency_p50_microseconds", 12.3456, "µs")
        #expect(
            report.text == """
                clients                   1000 \n\
                latency_p50_microseconds  12.346 µs\n
                """
        )
    }

    @Test("what a server used is divided by what it did for it")
    func server() throws {
        var before = try #require(ProcessUsage(1) ?? ProcessUsage.own)
        var after = before
        before.processor = 1_000_000_000
        after.processor = 3_000_000_000
        after.resident = 1 << 20
        var report = BenchReport()
        report.add(server: before, after, per: "delivery", count: 1000)
        let json = try JSONTree(parsing: Array(report.json.utf8))
        #expect(json["server_cpu_seconds"] == .number(2))
        #expect(json["server_cpu_microseconds_per_delivery"] == .number(2000))
        #expect(json["server_resident_bytes"] == .number(1_048_576))
        var none = BenchReport()
        none.add(server: nil, after, per: "delivery", count: 1)
        none.add(server: before, nil, per: "delivery", count: 1)
        #expect(none.figures.isEmpty)
        none.add(server: after, before, per: "delivery", count: 0)
        #expect(none.figures.map(\.key) == ["server_cpu_seconds", "server_resident_bytes"])
    }

    @Test("latencies are told in microseconds")
    func latencies() throws {
        var histogram = LatencyHistogram()
        histogram.observe(32_000, count: 1)
        var report = BenchReport()
        report.add(histogram)
        let json = try JSONTree(parsing: Array(report.json.utf8))
        for name in ["p50", "p90", "p99", "p999", "max"] {
            #expect(json["latency_\(name)_microseconds"] == .number(32))
        }
    }
}
