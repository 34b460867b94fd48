// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CAllocCount
import HubMetrics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Says how often each use of the registry takes memory, once it is warm: `name count`, a line each; with the argument
/// `hub`, the same of the hub's deliveries, messages and connections.
///
/// Every count of the registry must be 0. Prints `not counted` where allocations cannot be counted.
@main
struct AllocationProbe {
    static func main() throws {
        guard gohub_allocations_are_counted() else { return print("not counted") }
        if CommandLine.arguments.dropFirst().first == "hub" {
            for (name, count) in try HubProbe().results() { print("\(name) \(count)") }
            return
        }
        var probe = AllocationProbe()
        probe.updates()
        probe.scrapes()
        for (name, count) in probe.results { print("\(name) \(count)") }
        exit(probe.results.allSatisfy { $0.count == 0 } ? 0 : 1)
    }

    private enum Scope: String, MetricLabel {
        case room, user, broadcast
        static var labelName: String { "scope" }
    }

    private var results: [(name: String, count: UInt64)] = []

    /// Runs the body to warm up, then so many times under count.
    private mutating func measure(_ name: String, times: Int = 1000, _ body: () -> Void) {
        for _ in 0..<10 { body() }
        let before = gohub_allocations()
        for _ in 0..<times { body() }
        results.append((name, gohub_allocations() - before))
    }

    private mutating func updates() {
        let registry = Registry()
        let cold = registry.counter("a_total", help: "A.", shown: .diagnostic)
        let hot = registry.counter(
            "b_total",
            help: "B.",
            by: Scope.self,
            shown: .diagnostic,
            hot: true,
            exemplars: true
        )
        let gauge = registry.gauge("c", help: "C.", by: Scope.self, Scope2.self, shown: .diagnostic)
        let histogram = registry.histogram(
            "d_seconds",
            help: "D.",
            buckets: .microseconds,
            shown: .diagnostic,
            hot: true,
            exemplars: true
        )
        let dynamic = registry.dynamicCounter("e_total", help: "E.", labels: ["a"], shown: .diagnostic).series("x")
        let states = registry.stateSet("f", help: "F.", of: Scope.self, shown: .diagnostic)
        var local = LocalHistogram(.microseconds)
        let span = Exemplar(traceID: (1, 2), spanID: 3)

        measure("counter") { cold.increment() }
        measure("hot-counter-by-label") { hot[.user].increment(by: 3) }
        measure("counter-with-exemplar") { hot[.user].increment(by: 3, exemplar: span) }
        measure("counter-published") { cold.publish(5000) }
        measure("gauge") { gauge[.room, .one].set(1.5) }
        measure("gauge-add") { gauge[.room, .one].add(1.5) }
        measure("histogram") { histogram.observe(1234) }
        measure("histogram-with-exemplar") { histogram.observe(1234, exemplar: span) }
        measure("dynamic-counter") { dynamic.increment() }
        measure("state-set") { states.set(.user) }
        measure("local-histogram") { local.observe(1234) }
    }

    private enum Scope2: String, MetricLabel {
        case one, two
        static var labelName: String { "number" }
    }

    private mutating func scrapes() {
        let registry = Registry()
        registry.registerProcess()
        registry.registerRuntime()
        registry.registerBuild(version: "1", revision: "2")
        registry.registerSelfMetrics()
        let counter = registry.counter(
            "a_total",
            help: "A.",
            by: Scope.self,
            shown: .diagnostic,
            hot: true,
            exemplars: true
        )
        let gauge = registry.gauge("c", help: "C.", by: Scope.self, shown: .diagnostic)
        let histogram = registry.histogram(
            "d_seconds",
            help: "D.",
            by: Scope.self,
            buckets: .microseconds,
            shown: .diagnostic,
            exemplars: true
        )
        let peers = registry.dynamicGauge("e", help: "E.", labels: ["a"], idle: .seconds(300), shown: .diagnostic)
        for index in 0..<100 { peers.series("\(index)").set(Double(index) / 3) }
        let span = Exemplar(traceID: (1, 2), spanID: 3)
        registry.onScrape {
            counter[.user].increment(exemplar: span)
            histogram[.user].observe(5_000_000, exemplar: span)
            gauge[.user].set(1 / 3.0)
            gauge[.room].set(-.infinity)
        }
        for format in ExpositionFormat.allCases {
            var page = ExpositionBuffer()
            measure("scrape-\(format.labelValue)", times: 50) { registry.render(format, into: &page) }
        }
    }
}
