// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Testing

enum Transport: String, MetricLabel {
    case ws, sse
    static var labelName: String { "transport" }
}

enum Scope: String, MetricLabel {
    case room, user, broadcast
    static var labelName: String { "scope" }
}

@Suite("A page")
struct PageTests {
    @Test("has every kind of family, sorted by name, in both formats")
    func everyKind() {
        let registry = Registry()
        let opened = registry.counter("t_opened_total", help: "Opened.", by: Transport.self, shown: .diagnostic)
        let busy = registry.secondsCounter("t_busy_seconds_total", help: "Busy.", shown: .diagnostic, hot: true)
        let depth = registry.gauge("t_depth", help: "Depth.", by: Scope.self, Transport.self, shown: .diagnostic)
        let latency = registry.histogram(
            "t_latency_seconds",
            help: "Latency.",
            buckets: .custom(seconds: [1e-5, 0.005, 1]),
            shown: .diagnostic
        )
        let state = registry.stateSet("t_state", help: "State.", of: Scope.self, shown: .diagnostic)
        registry.info("t_build_info", help: "Build.", labels: [("version", "1\"2")], shown: .diagnostic)
        registry.onScrape { depth[.user, .sse].set(-1.5) }
        opened[.sse].increment(by: 3)
        busy.increment(by: 1_500_000_001)
        latency.observe(5_000_000)
        latency.observe(5_000_001, count: 2)
        state.set(.user)
        var local = LocalHistogram(.custom(seconds: [1e-5, 0.005, 1]))
        local.observe(2_000_000_000)
        latency.publish(local.values)

        var page = ExpositionBuffer(capacity: 64)
        registry.render(.text004, into: &page)
        #expect(
            page.text == """
                # HELP t_build_info Build.
                # TYPE t_build_info gauge
                t_build_info{version="1\\"2"} 1
                # HELP t_busy_seconds_total Busy.
                # TYPE t_busy_seconds_total counter
                t_busy_seconds_total 1.500000001
                # HELP t_depth Depth.
                # TYPE t_depth gauge
                t_depth{scope="room",transport="ws"} 0
                t_depth{scope="room",transport="sse"} 0
                t_depth{scope="user",transport="ws"} 0
                t_depth{scope="user",transport="sse"} -1.5
                t_depth{scope="broadcast",transport="ws"} 0
                t_depth{scope="broadcast",transport="sse"} 0
                # HELP t_latency_seconds Latency.
                # TYPE t_latency_seconds histogram
                t_latency_seconds_bucket{le="1e-05"} 0
                t_latency_seconds_bucket{le="0.005"} 1
                t_latency_seconds_bucket{le="1.0"} 3
                t_latency_seconds_bucket{le="+Inf"} 4
                t_latency_seconds_sum 2.015000002
                t_latency_seconds_count 4
                # HELP t_opened_total Opened.
                # TYPE t_opened_total counter
                t_opened_total{transport="ws"} 0
                t_opened_total{transport="sse"} 3
                # HELP t_state State.
                # TYPE t_state gauge
                t_state{t_state="room"} 0
                t_state{t_state="user"} 1
                t_state{t_state="broadcast"} 0

                """
        )
        registry.render(.openMetrics, into: &page)
        #expect(page.text.hasSuffix("t_state{t_state=\"broadcast\"} 0\n# EOF\n"))
        #expect(page.text.contains("# TYPE t_busy_seconds counter\n# UNIT t_busy_seconds seconds\n# HELP t_busy"))
        #expect(page.text.contains("# TYPE t_build info\n"))
    }
}
