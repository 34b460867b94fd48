// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Testing

@Suite("Text format 0.0.4")
struct TextFormatTests {
    @Test("T1 label values escape backslash, quote and line feed, and nothing else")
    func labelEscapes() {
        let registry = Registry()
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["name"], shown: .diagnostic)
        family.series("a\\b\"c\nd\te{f}g,h=i é\u{1F600}'").increment()
        #expect(registry.samples() == [#"t_total{name="a\\b\"c\nd"# + "\te{f}g,h=i é\u{1F600}'\"} 1"])
    }

    @Test("T1 help escapes backslash and line feed, in OpenMetrics the quote too")
    func helpEscapes() {
        let registry = Registry()
        _ = registry.counter("t_total", help: "a\\b\"c\nd", shown: .diagnostic)
        #expect(registry.page(.text004).hasPrefix(#"# HELP t_total a\\b"c\nd"# + "\n"))
        #expect(registry.page(.openMetrics).contains(#"# HELP t a\\b\"c\nd"# + "\n"))
    }

    @Test("T2 each family has one HELP and one TYPE before its samples, and its samples stand together")
    func order() throws {
        let registry = everyKind()
        var seen: [String] = []
        for line in registry.page(.text004).split(separator: "\n") where line.hasPrefix("# ") {
            let words = line.split(separator: " ")
            seen.append("\(words[1]) \(words[2])")
        }
        let names = registry.catalogue.map(\.name)
        #expect(seen == names.flatMap { ["HELP \($0)", "TYPE \($0)"] })
        #expect(names == names.sorted())
        let page = try registry.read(.text004)
        #expect(page.families.map(\.name) == names)
    }

    @Test("T3 the page ends in a line feed and has neither carriage return nor NUL nor invalid UTF-8")
    func bytes() {
        let registry = Registry()
        let family = registry.dynamicGauge("t_value", help: "T.", labels: ["name"], shown: .diagnostic)
        family.series(String(decoding: [0x61, 0xFF, 0xC3, 0x28], as: UTF8.self)).set(1)
        family.series("nul\0cr\rcrlf\r\n").set(2)
        var buffer = ExpositionBuffer()
        registry.render(.text004, into: &buffer)
        let bytes = buffer.bytes
        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(!bytes.contains(0) && !bytes.contains(13))
        #expect(String(validating: bytes, as: UTF8.self) != nil)
        #expect(registry.samples().contains("t_value{name=\"a\u{FFFD}\u{FFFD}(\"} 1"))
        #expect(registry.samples().contains("t_value{name=\"nul\u{FFFD}cr\u{FFFD}crlf\u{FFFD}\\n\"} 2"))
    }

    @Test("T5 no series is there twice, and no label is empty")
    func noDuplicates() throws {
        let registry = Registry()
        let family = registry.dynamicGauge("t_value", help: "T.", labels: ["a", "b"], shown: .diagnostic)
        family.series("", "x").set(1)
        family.series("__empty__", "x").set(2)
        family.series("x", "").set(3)
        #expect(
            registry.samples() == ["t_value{a=\"__empty__\",b=\"x\"} 2", "t_value{a=\"x\",b=\"__empty__\"} 3"]
        )
        _ = try registry.read(.text004)
    }

    @Test("T5 label values from outside cannot break a page, whatever they are")
    func hostileLabels() throws {
        let registry = Registry()
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["a", "b"], shown: .diagnostic)
        var draws = SplitMix64(seed: 7)
        let pieces = [
            "\\", "\"", "\n", "\r", "\0", "{", "}", ",", "=", " ", "# EOF\n", "é", "\u{2028}", "\u{FEFF}", "n",
        ]
        for _ in 0..<500 {
            let values = (0..<2).map { _ in
                (0..<Int.random(in: 0..<6, using: &draws)).map { _ in pieces.randomElement(using: &draws) ?? "" }
                    .joined()
            }
            family.series(values[0], values[1]).increment()
        }
        for format in ExpositionFormat.allCases {
            let page = try registry.read(format)
            #expect(page.sum(of: "t_total") == 500)
            #expect(page.samples.count == family.count)
        }
    }

    @Test(
        "T6 metric names are [a-zA-Z_][a-zA-Z0-9_]* without a colon, label names not reserved",
        arguments: [
            ("a", true, true), ("A_9", true, true), ("_a", true, true), ("__a", true, false), ("9a", false, false),
            ("", false, false), ("a:b", false, false), ("a-b", false, false), ("a.b", false, false),
            ("é", false, false),
            ("a b", false, false), ("le", true, false), ("quantile", true, false), ("a\n", false, false),
        ]
    )
    func names(name: String, metric: Bool, label: Bool) {
        #expect(RegistrationRules.isMetricName(name) == metric)
        #expect(RegistrationRules.isLabelName(name) == label)
    }

    @Test("T7 a counter's family and sample end in _total, and its type is counter")
    func counter() {
        let registry = Registry()
        _ = registry.counter("t_things_total", help: "Things.", shown: .diagnostic)
        #expect(
            registry.page(.text004) == """
                # HELP t_things_total Things.
                # TYPE t_things_total counter
                t_things_total 0

                """
        )
    }

    @Test("T8 a histogram's buckets ascend and cumulate, +Inf equals the count, and the sum is there")
    func histogram() throws {
        let registry = Registry()
        let family = registry.histogram(
            "t_size_bytes",
            help: "T.",
            by: Transport.self,
            buckets: .sizes,
            shown: .diagnostic
        )
        for value in [0, 63, 64, 65, 1 << 20, (1 << 20) + 1, 1 << 40] as [UInt64] { family[.sse].observe(value) }
        let lines = registry.samples().filter { $0.contains("sse") }
        #expect(
            lines == [
                "t_size_bytes_bucket{transport=\"sse\",le=\"64.0\"} 3",
                "t_size_bytes_bucket{transport=\"sse\",le=\"256.0\"} 4",
                "t_size_bytes_bucket{transport=\"sse\",le=\"1024.0\"} 4",
                "t_size_bytes_bucket{transport=\"sse\",le=\"4096.0\"} 4",
                "t_size_bytes_bucket{transport=\"sse\",le=\"16384.0\"} 4",
                "t_size_bytes_bucket{transport=\"sse\",le=\"65536.0\"} 4",
                "t_size_bytes_bucket{transport=\"sse\",le=\"262144.0\"} 4",
                "t_size_bytes_bucket{transport=\"sse\",le=\"1.048576e+06\"} 5",
                "t_size_bytes_bucket{transport=\"sse\",le=\"+Inf\"} 7",
                "t_size_bytes_sum{transport=\"sse\"} 1099513725121",
                "t_size_bytes_count{transport=\"sse\"} 7",
            ]
        )
        let reading = try #require(try registry.read(.text004).histogram(of: "t_size_bytes", ["transport": "ws"]))
        #expect(reading.count == 0 && reading.sum == 0 && reading.buckets.count == 9)
    }

    @Test("T9 a counter never goes back, whatever total is published")
    func monotone() {
        let registry = Registry()
        let counter = registry.counter("t_total", help: "T.", shown: .diagnostic)
        for (published, shown) in [(5, 5), (3, 5), (0, 5), (6, 6)] as [(UInt64, UInt64)] {
            counter.publish(published)
            #expect(registry.samples() == ["t_total \(shown)"])
        }
        #expect(registry.refusedUpdates(.decreasing) == 2)
    }

    @Test("T9 the text format shows info and state sets as gauges, and no exemplar")
    func onlyTextTypes() {
        let registry = everyKind()
        let page = registry.page(.text004)
        #expect(page.contains("# TYPE t_build_info gauge\n"))
        #expect(page.contains("# TYPE t_state gauge\n"))
        #expect(!page.contains(" # {"))
        let types = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }.map { $0.split(separator: " ")[3] }
        )
        #expect(types == ["counter", "gauge", "histogram"])
    }
}

/// A registry with a family of each kind, something counted in each.
func everyKind() -> Registry {
    let registry = Registry(unixMilliseconds: { 1_700_000_001_000 })
    let opened = registry.counter(
        "t_opened_total",
        help: "Opened.",
        by: Transport.self,
        shown: .diagnostic,
        exemplars: true
    )
    let busy = registry.secondsCounter("t_busy_seconds_total", help: "Busy.", shown: .diagnostic, hot: true)
    let depth = registry.gauge("t_depth", help: "Depth.", by: Scope.self, Transport.self, shown: .diagnostic)
    let latency = registry.histogram(
        "t_latency_seconds",
        help: "Latency.",
        buckets: .custom(seconds: [1e-5, 0.005, 1]),
        shown: .diagnostic,
        exemplars: true
    )
    let state = registry.stateSet("t_state", help: "State.", of: Scope.self, shown: .diagnostic)
    registry.info("t_build_info", help: "Build.", labels: [("version", "1\"2")], shown: .diagnostic)
    let peers = registry.dynamicGauge("t_peer_lag_seconds", help: "Lag.", labels: ["peer"], shown: .diagnostic)
    let span = Exemplar(traceID: (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210), spanID: 0x00F0_67AA_0BA9_02B7)
    opened[.sse].increment(by: 3, exemplar: span, at: 1_700_000_000_123)
    busy.increment(by: 1_500_000_001)
    depth[.user, .sse].set(-1.5)
    latency.observe(5_000_000, exemplar: span, at: 1_700_000_000_123)
    latency.observe(5_000_001, count: 2)
    state.set(.user)
    peers.series("n1").set(0.25)
    var local = LocalHistogram(.custom(seconds: [1e-5, 0.005, 1]))
    local.observe(2_000_000_000)
    latency.publish(local.values)
    return registry
}
