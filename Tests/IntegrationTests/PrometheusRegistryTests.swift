// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import HubWire
import Synchronization
import Testing

@Suite("What a real Prometheus reads from the registry", .tags(.prometheus), .needsPrometheus)
struct PrometheusRegistryTests {
    private enum Scope: String, MetricLabel {
        case room, user
        static var labelName: String { "scope" }
    }

    @Test("labels, values, help texts and exemplars arrive as they were, in every format", .timeLimit(.minutes(5)))
    func roundTrip() async throws {
        let registry = Registry()
        let help = "What \"it\" is: a\\b,\nand {more}."
        let family = registry.dynamicGauge(
            "gohub_noise",
            help: help,
            labels: ["text", "number"],
            limit: 3000,
            shown: .diagnostic
        )
        var noise = LabelNoise(seed: 2_026)
        let values = LabelNoise.classics + (0..<1500).map { _ in noise.next() }
        for (number, value) in values.enumerated() { family.series(value, String(number)).set(Double(number) + 0.25) }
        let sent = registry.counter("gohub_sent_total", help: "Sent.", by: Scope.self, shown: .diagnostic)
        sent[.user].increment(by: 9_007_199_254_740_991)
        let waits = registry.histogram(
            "gohub_wait_seconds",
            help: "Waited.",
            buckets: .microseconds,
            shown: .diagnostic,
            exemplars: true
        )
        for nanoseconds in [0, 1_000, 1_001, 250_000_000, 20_000_000_001] as [UInt64] {
            waits.observe(nanoseconds, exemplar: Exemplar(traceID: (0xA, nanoseconds), spanID: 0xB))
        }
        let start = WallClock.unixMilliseconds()

        let targets = try PrometheusTargets()
        targets.serve("/text", registry, as: .text)
        targets.serve("/openMetrics", registry, as: .openMetrics)
        let asked = Mutex<Set<ExpositionFormat>>([])
        targets.serve("/negotiated") { request in
            let format = ExpositionFormat.negotiate(accept: request.headers["accept"])
            asked.withLock { _ = $0.insert(format) }
            let body = Exposition.body(of: registry, as: format == .openMetrics ? .openMetrics : .text)
            return PrometheusTargets.Response(body, contentType: format.contentType)
        }
        let formats = Exposition.Format.allCases.map(\.rawValue) + ["negotiated"]
        let server = try await PrometheusServer(
            scraping: formats.map { PrometheusServer.Job($0, port: targets.port, path: "/\($0)") }
        )
        for target in try await server.waitUntilScraped().values { #expect(target.isUp, "\(target)") }

        for format in formats {
            let series = try await server.query("gohub_noise{job=\"\(format)\"}")
            #expect(series.count == values.count)
            for entry in series {
                let number = try #require(entry.labels["number"].flatMap { Int($0) })
                let text = try #require(entry.labels["text"])
                #expect(Array(text.utf8) == Array(LabelNoise.shown(values[number]).utf8), "\(format) \(number)")
                #expect(entry.value == Double(number) + 0.25)
            }
            let totals = try await server.query("gohub_sent_total{job=\"\(format)\"}")
            #expect(totals.map { $0.labels["scope"] ?? "" }.sorted() == ["room", "user"])
            #expect(totals.map(\.value).sorted() == [0, 9_007_199_254_740_991])
            let buckets = try await server.query("gohub_wait_seconds_bucket{job=\"\(format)\"}")
            let expected = Buckets.microseconds.bounds + [.infinity]
            #expect(Set(buckets.compactMap { Self.bound($0.labels["le"]) }) == Set(expected))
            #expect(buckets.first { $0.labels["le"] == "+Inf" }?.value == 5)
            #expect(buckets.first { $0.labels["le"] == "1e-06" }?.value == 2)
            let sum = try await server.query("gohub_wait_seconds_sum{job=\"\(format)\"}")
            #expect(sum.map(\.value) == [20.250_002_002])
            let quantile = try await server.query(
                "histogram_quantile(0.5, gohub_wait_seconds_bucket{job=\"\(format)\"})"
            )
            #expect(quantile.first.map { $0.value > 1e-6 && $0.value <= 5e-6 } == true)
        }
        // Prometheus prefers OpenMetrics, so that is what it is to get.
        #expect(asked.withLock { $0 } == [.openMetrics])
        let metadata = try await server.data("metadata", [("metric", "gohub_noise")])
        #expect(metadata["gohub_noise"]?.array.first?["help"]?.string == help)
        try await expectExemplars(server, since: start)
        await server.stop()
    }

    private static func bound(_ text: String?) -> Double? {
        text == "+Inf" ? .infinity : text.flatMap { Double($0) }
    }

    private func expectExemplars(_ server: PrometheusServer, since start: Int64) async throws {
        let range = [("start", "\(start / 1000 - 60)"), ("end", "\(start / 1000 + 600)")]
        let answer = try await server.data("query_exemplars", [("query", "gohub_wait_seconds_bucket")] + range)
        let exemplars = answer.array.flatMap { $0["exemplars"]?.array ?? [] }
        // One is kept for each bucket that has been hit.
        #expect(Set(exemplars.compactMap { $0["labels"]?["trace_id"]?.string }).count == 4)
        for exemplar in exemplars {
            #expect(exemplar["labels"]?["trace_id"]?.string?.hasPrefix("000000000000000a") == true)
            #expect(exemplar["labels"]?["span_id"]?.string == "000000000000000b")
            #expect(exemplar["timestamp"]?.number.map { abs($0 - Double(start) / 1000) < 60 } == true)
        }
    }
}
