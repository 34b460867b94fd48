// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Synchronization
import Testing

@Suite("The registry's pages, read by a stranger")
struct RegistryExpositionTests {
    private enum Scope: String, MetricLabel {
        case room, user, broadcast
        static var labelName: String { "scope" }
    }

    private enum Phase: String, MetricLabel {
        case starting, ready, draining
        static var labelName: String { "phase" }
    }

    private final class Flag: Sendable {
        private let state = Atomic(false)

        var isRaised: Bool { state.load(ordering: .relaxed) }

        func raise() { state.store(true, ordering: .relaxed) }
    }

    /// A registry with one of everything.
    private static func full() -> Registry {
        let registry = Registry()
        registry.registerProcess()
        registry.registerRuntime()
        registry.registerSelfMetrics()
        registry.registerBuild(version: "1.2.3\"\\\n", revision: "abc")
        registry.counter("gohub_sent_total", help: "Messages sent.", shown: .diagnostic, hot: true).increment(by: 3)
        registry.secondsCounter("gohub_busy_seconds_total", help: "Time busy.", shown: .diagnostic)
            .increment(by: 1_500_000_001)
        let sizes = registry.histogram(
            "gohub_frame_bytes",
            help: "Sizes of \"frames\".\nAnd \\ more.",
            by: Scope.self,
            buckets: .sizes,
            shown: .diagnostic
        )
        for (index, size) in [0, 64, 65, 1_048_576, 1_048_577, 5_000_000].enumerated() {
            sizes[Scope.allCases[index % 3]].observe(UInt64(size), count: UInt64(index))
        }
        let waits = registry.histogram(
            "gohub_wait_seconds",
            help: "Time waited.",
            buckets: .microseconds,
            shown: .diagnostic,
            exemplars: true
        )
        for nanoseconds in [0, 1, 999, 1000, 1001, 250_000_000, 250_000_001, 20_000_000_000] as [UInt64] {
            waits.observe(nanoseconds, exemplar: Exemplar(traceID: (1, nanoseconds), spanID: .max))
        }
        registry.stateSet("gohub_phase", help: "What it is doing.", of: Phase.self, shown: .diagnostic).set(.ready)
        let rooms = registry.dynamicGauge(
            "gohub_shards",
            help: "Shards.",
            labels: ["name", "kind"],
            shown: .diagnostic
        )
        for value in LabelNoise.classics { rooms.series(value, "a").set(1) }
        return registry
    }

    @Test("a registry with one of everything has no fault in either format", arguments: Exposition.Format.allCases)
    func noFault(format: Exposition.Format) throws {
        let exposition = try Exposition(scraping: Self.full(), as: format)
        #expect(exposition.families.count > 20)
        var lint = NamingLint()
        lint.identityLabels = []
        #expect(lint.findings(in: exposition) == [])
        // A family's name is where readers look for it.
        let names = exposition.families.map(\.name)
        #expect(names == names.sorted())
    }

    @Test("both formats have the same samples")
    func sameSamples() throws {
        let registry = Registry()
        registry.registerBuild(version: "1", revision: "2")
        let counter = registry.counter("gohub_sent_total", help: "Sent.", by: Scope.self, shown: .diagnostic)
        counter[.user].increment(by: .max)
        let text = try Exposition(scraping: registry, as: .text).samples.map { "\($0.series) \($0.text)" }
        let openMetrics = try Exposition(scraping: registry, as: .openMetrics).samples.map { "\($0.series) \($0.text)" }
        #expect(text == openMetrics)
        #expect(text.contains("gohub_sent_total{scope=\"user\"} 18446744073709551615"))
    }

    @Test("label values come back as promised, whatever is in them", arguments: Exposition.Format.allCases)
    func labelValues(format: Exposition.Format) throws {
        let registry = Registry()
        let family = registry.dynamicGauge(
            "gohub_noise",
            help: "Noise.",
            labels: ["text", "number"],
            limit: 3000,
            shown: .diagnostic
        )
        var noise = LabelNoise(seed: 42)
        let values = LabelNoise.classics + (0..<2000).map { _ in noise.next() }
        for (number, value) in values.enumerated() { family.series(value, String(number)).set(number) }
        let exposition = try Exposition(scraping: registry, as: format)
        let samples = exposition.samples
        #expect(samples.count == values.count)
        for sample in samples {
            let number = try #require(sample[label: "number"].flatMap { Int($0) })
            #expect(sample.value == Double(number))
            let found = try #require(sample[label: "text"])
            #expect(Array(found.utf8) == Array(LabelNoise.shown(values[number]).utf8))
        }
    }

    @Test("spellings that look the same are different series")
    func spellings() throws {
        let registry = Registry()
        let family = registry.dynamicGauge("gohub_noise", help: "Noise.", labels: ["text"], shown: .diagnostic)
        family.series("\u{E9}").set(1)
        family.series("e\u{301}").set(2)
        let exposition = try Exposition(scraping: registry)
        #expect(exposition.value(of: "gohub_noise", ["text": "\u{E9}"]) == 1)
        #expect(exposition.value(of: "gohub_noise", ["text": "e\u{301}"]) == 2)
    }

    @Test("numbers read back as the same bits, by as few digits as possible")
    func numbers() throws {
        let registry = Registry()
        let family = registry.dynamicGauge(
            "gohub_number",
            help: "Number.",
            labels: ["n"],
            limit: 20_000,
            shown: .diagnostic
        )
        var random = SplitMix64(seed: 5)
        var values = [
            0, -0.0, 1, -1, 0.1, 1e-5, 1e21, 1e22, 1e23, .leastNonzeroMagnitude, 2.2250738585072014e-308, .infinity,
            -.infinity,
        ]
        values += [.greatestFiniteMagnitude, 9_007_199_254_740_992, 123_456_789_012_345_680, 1e6, 999_999, 1_048_576]
        values += (0..<1000).map { _ in Double(bitPattern: random.next()) }
        values += (0..<1000).map { _ in Double(random.next() % 1_000_000_000) / 1e9 }
        for (number, value) in values.enumerated() { family.series(String(number)).set(value) }
        for sample in try Exposition(scraping: registry).samples {
            let number = try #require(sample[label: "n"].flatMap { Int($0) })
            let value = values[number]
            #expect(sample.value == value || (sample.value.isNaN && value.isNaN), "\(value) came as \(sample.text)")
            // Where two shortest numbers are equally near, either will do.
            #expect(digits(sample.text).count == digits(value.description).count, "\(value) came as \(sample.text)")
        }
    }

    /// The significant digits of a decimal number, without sign, point, exponent and zeros at either end.
    private func digits(_ text: String) -> String {
        let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
        return String(mantissa.reversed().drop { $0 == "0" }.reversed())
    }

    @Test("pages taken under fire have no fault, and nothing in them goes back")
    func underFire() async throws {
        let registry = Registry()
        let counter = registry.counter("gohub_sent_total", help: "Sent.", by: Scope.self, shown: .diagnostic, hot: true)
        let histogram = registry.histogram(
            "gohub_wait_seconds",
            help: "Time waited.",
            buckets: .milliseconds,
            shown: .diagnostic,
            hot: true,
            exemplars: true
        )
        let family = registry.dynamicGauge(
            "gohub_noise",
            help: "Noise.",
            labels: ["text"],
            limit: 20,
            shown: .diagnostic
        )
        let end = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    try await Blocking.run {
                        var random = SplitMix64(seed: UInt64(writer))
                        var noise = LabelNoise(seed: UInt64(writer))
                        while !end.isRaised {
                            for _ in 0..<200 {
                                let value = random.next() % 20_000_000_000
                                counter[Scope.allCases[writer]].increment(by: value % 3)
                                let exemplar = Exemplar(traceID: (value, 1), spanID: 7)
                                histogram.observe(value, exemplar: exemplar)
                            }
                            let label = noise.next()
                            family.series(label).set(writer)
                            family.remove(label)
                        }
                    }
                }
            }
            group.addTask {
                defer { end.raise() }
                try await Blocking.run {
                    var last = try Exposition(scraping: registry)
                    for round in 0..<200 {
                        let format: Exposition.Format = round % 2 == 0 ? .text : .openMetrics
                        let body = Exposition.body(of: registry, as: format)
                        let page = try Exposition(parsing: body, as: format)
                        if format == .openMetrics {
                            #expect(page.regressions(since: last).map(\.description) == [])
                            last = page
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(registry.refusedUpdates(.decreasing) == 0)
    }
}
