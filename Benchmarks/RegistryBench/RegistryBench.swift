// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Measures the registry on this machine: `RegistryBench [--json] [--check]`.
///
/// All in one run, so that the ratios hold on a busy machine too; `--check` fails when one misses its target. With
/// `--dump FILE` it measures nothing and writes the page that it would scrape, for others to compare theirs with.
@main
struct RegistryBench {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--dump", arguments.count == 2, let path = arguments.last {
            exit(ScrapeBench.dump(to: path) ? 0 : 1)
        }
        for argument in arguments where argument != "--json" && argument != "--check" {
            print("usage: RegistryBench [--json] [--check] | --dump FILE")
            exit(argument == "--help" ? 0 : 2)
        }
        var report = Report()
        report.updates = UpdateBench.run()
        report.scrapes = ScrapeBench.run()
        print(arguments.contains("--json") ? report.json : report.text, terminator: "")
        if arguments.contains("--check"), !report.missed.isEmpty { exit(1) }
    }
}

/// What updates cost.
enum UpdateBench {
    enum Scope: String, MetricLabel {
        case room, user, broadcast, client
        static var labelName: String { "scope" }
    }

    /// One atomic integer that all threads add to.
    final class Shared: Sendable {
        let word = Atomic<UInt64>(0)
    }

    static func run() -> [Measurement] {
        let registry = Registry()
        let shared = Shared()
        let cold = registry.counter("cold_total", help: "C.", shown: .diagnostic)
        let hot = registry.counter("hot_total", help: "C.", shown: .diagnostic, hot: true)
        let labelled = registry.counter("labelled_total", help: "C.", by: Scope.self, shown: .diagnostic, hot: true)
        let handle = labelled[.user]
        let dynamic = registry.dynamicCounter("dynamic_total", help: "C.", labels: ["a"], shown: .diagnostic).series(
            "x"
        )
        let gauge = registry.gauge("gauge", help: "G.", shown: .diagnostic)
        let histogram = registry.histogram(
            "hot_seconds",
            help: "H.",
            buckets: .milliseconds,
            shown: .diagnostic,
            hot: true
        )
        let twoStripes = registry.histogram("cold_seconds", help: "H.", buckets: .milliseconds, shown: .diagnostic)

        var all: [Measurement] = []
        for threads in [1, 2] {
            all.append(
                Stopwatch.measure("shared atomic add", threads: threads) { count in
                    for _ in 0..<count { shared.word.wrappingAdd(1, ordering: .relaxed) }
                }
            )
        }
        all.append(Stopwatch.measure("counter") { count in for _ in 0..<count { cold.increment() } })
        for threads in [1, 2] {
            all.append(
                Stopwatch.measure("hot counter", threads: threads) { count in for _ in 0..<count { hot.increment() } }
            )
        }
        all.append(
            Stopwatch.measure("labelled counter by handle") { count in for _ in 0..<count { handle.increment() } }
        )
        all.append(
            Stopwatch.measure("labelled counter by label") { count in
                let scopes = Scope.allCases
                for index in 0..<count { labelled[scopes[index & 3]].increment() }
            }
        )
        all.append(Stopwatch.measure("dynamic counter") { count in for _ in 0..<count { dynamic.increment() } })
        all.append(Stopwatch.measure("gauge set") { count in for index in 0..<count { gauge.set(index) } })
        for threads in [1, 2] {
            all.append(
                Stopwatch.measure("hot histogram", threads: threads) { count in
                    for index in 0..<count { histogram.observe(latency(index)) }
                }
            )
        }
        all.append(
            Stopwatch.measure("hot histogram, random values") { count in
                for index in 0..<count { histogram.observe(random(index)) }
            }
        )
        all.append(
            Stopwatch.measure("histogram of two stripes") { count in
                for index in 0..<count { twoStripes.observe(latency(index)) }
            }
        )
        all.append(
            Stopwatch.measure("local histogram") { count in
                var local = LocalHistogram(.milliseconds)
                for index in 0..<count { local.observe(latency(index)) }
                // Keep the compiler from leaving it out.
                if local.values.sum == 1 { print("") }
            }
        )
        all.append(
            Stopwatch.measure("local histogram, random values") { count in
                var local = LocalHistogram(.milliseconds)
                for index in 0..<count { local.observe(random(index)) }
                if local.values.sum == 1 { print("") }
            }
        )
        return all
    }

    /// Latencies as they come: some hundred microseconds, in five buckets.
    @inline(__always)
    private static func latency(_ index: Int) -> UInt64 {
        80_000 &+ UInt64(truncatingIfNeeded: index & 15) &* 100_000
    }

    /// Nanoseconds that fall into any bucket, so that the processor cannot foresee which.
    @inline(__always)
    private static func random(_ index: Int) -> UInt64 {
        let mixed = UInt64(truncatingIfNeeded: index) &* 0x9E37_79B9_7F4A_7C15
        return mixed >> (30 &+ ((mixed >> 8) & 15))
    }
}

/// What a scrape costs.
enum ScrapeBench {
    enum Node: Int, MetricLabel {
        case n0, n1, n2, n3, n4, n5, n6, n7, n8, n9
        static var labelName: String { "node" }
        var labelValue: String { "node-\(rawValue)" }
    }

    enum Kind: Int, MetricLabel {
        case k0, k1, k2, k3, k4, k5, k6, k7, k8, k9
        static var labelName: String { "kind" }
        var labelValue: String { "kind-of-thing-\(rawValue)" }
    }

    enum Result: Int, MetricLabel {
        case r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15, r16, r17, r18, r19
        static var labelName: String { "result" }
        var labelValue: String { "result-\(rawValue)" }
    }

    struct Outcome: Sendable {
        var format: ExpositionFormat
        var series: Int
        var bytes: Int
        /// Thread CPU time of a page, the least of many.
        var nanoseconds: UInt64
        /// The same by the clock on the wall.
        var wallNanoseconds: UInt64
        var perSeries: Double { Double(nanoseconds) / Double(series) }
    }

    /// Fifty families of three labels, 2000 series each.
    private static func filled() -> Registry {
        let registry = Registry()
        for family in 0..<50 {
            let counters = registry.counter(
                "bench_family_\(family)_total",
                help: "A family.",
                by: Node.self,
                Kind.self,
                Result.self,
                shown: .diagnostic
            )
            for node in Node.allCases {
                for kind in Kind.allCases {
                    for result in Result.allCases {
                        let seed = UInt64(node.rawValue * 977 + kind.rawValue * 131 + result.rawValue * 17 + family)
                        counters[node, kind, result].increment(by: (seed &* 0x9E37_79B9_7F4A_7C15) >> (40 + seed % 20))
                    }
                }
            }
        }
        return registry
    }

    static func run() -> [Outcome] {
        let registry = filled()
        let clock = ContinuousClock()
        return ExpositionFormat.allCases.map { format in
            var page = ExpositionBuffer()
            registry.render(format, into: &page)
            var least = UInt64.max
            var leastOnWall = Duration.seconds(3600)
            for _ in 0..<40 {
                let begin = clock.now
                let start = Stopwatch.threadNanoseconds()
                registry.render(format, into: &page)
                least = min(least, Stopwatch.threadNanoseconds() - start)
                leastOnWall = min(leastOnWall, clock.now - begin)
            }
            return Outcome(
                format: format,
                series: registry.seriesCount,
                bytes: page.count,
                nanoseconds: least,
                wallNanoseconds: UInt64(leastOnWall / .nanoseconds(1))
            )
        }
    }

    /// Writes the page in the text format to a file; false if it cannot.
    static func dump(to path: String) -> Bool {
        var page = ExpositionBuffer()
        filled().render(.text004, into: &page)
        guard let file = fopen(path, "w") else { return false }
        let written = page.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        return fclose(file) == 0 && written == page.count
    }
}
