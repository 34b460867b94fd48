// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Synchronization
import Testing

@Suite("Exemplars")
struct ExemplarTests {
    static func span(_ id: UInt64) -> Exemplar { Exemplar(traceID: (0, id), spanID: id) }

    /// The span shown with the counter, if any.
    static func shown(_ registry: Registry) throws -> String? {
        try registry.read(.openMetrics).samples.compactMap { $0.exemplar }.first?.labels.last?.value
    }

    @Test("are kept for 7 s at least, replaced after, and shown for 70 s at most")
    func ages() throws {
        let now = Atomic<Int64>(1_000_000)
        let registry = Registry(unixMilliseconds: { now.load(ordering: .relaxed) })
        let counter = registry.counter("t_total", help: "T.", shown: .diagnostic, exemplars: true)
        #expect(try Self.shown(registry) == nil)
        counter.increment(exemplar: Self.span(1), at: 1_000_000)
        counter.increment(exemplar: Self.span(2), at: 1_006_999)
        #expect(try Self.shown(registry) == "0000000000000001")
        counter.increment(exemplar: Self.span(3), at: 1_007_000)
        #expect(try Self.shown(registry) == "0000000000000003")
        now.store(1_007_000 + 70_000, ordering: .relaxed)
        #expect(try Self.shown(registry) == "0000000000000003")
        now.add(1, ordering: .relaxed)
        #expect(try Self.shown(registry) == nil)
        counter.increment(exemplar: Self.span(4), at: now.load(ordering: .relaxed))
        #expect(try Self.shown(registry) == "0000000000000004")
        #expect(counter.value == 4)
    }

    @Test("survive a clock that was set back")
    func clockStep() throws {
        let registry = Registry(unixMilliseconds: { 500_000 })
        let counter = registry.counter("t_total", help: "T.", shown: .diagnostic, exemplars: true)
        counter.increment(exemplar: Self.span(1), at: 9_000_000)
        counter.increment(exemplar: Self.span(2), at: 500_000)
        #expect(try Self.shown(registry) == "0000000000000002")
    }

    @Test("are ignored where the family does not keep them, and counted all the same")
    func notKept() throws {
        let registry = Registry()
        let counter = registry.counter("t_total", help: "T.", shown: .diagnostic)
        let dynamic = registry.dynamicCounter("d_total", help: "T.", labels: ["a"], shown: .diagnostic)
        let histogram = registry.histogram("t_things", help: "T.", buckets: .counts, shown: .diagnostic)
        counter.increment(exemplar: Self.span(1))
        dynamic.series("x").increment(exemplar: Self.span(1))
        histogram.observe(1, exemplar: Self.span(1))
        #expect(try Self.shown(registry) == nil)
        #expect(counter.value == 1 && registry.values(of: histogram).count == 1)
    }

    @Test("of a histogram stand on the bucket that their value falls into, and count only when observed")
    func buckets() throws {
        let registry = Registry(unixMilliseconds: { 1_000_000 })
        let histogram = registry.histogram(
            "t_things",
            help: "T.",
            by: Transport.self,
            buckets: .counts,
            shown: .diagnostic,
            hot: true,
            exemplars: true
        )
        for value in [0, 2, 3, 100_000, 100_001, 1 << 62] as [UInt64] {
            histogram[.sse].attach(Self.span(value), to: value, at: 1_000_000)
        }
        let page = try registry.read(.openMetrics)
        let placed = page.samples.compactMap { sample in
            sample.exemplar.map { "\(sample[label: "transport"] ?? "") \(sample[label: "le"] ?? "") \(Int($0.value))" }
        }
        #expect(placed == ["sse 1.0 0", "sse 2.0 2", "sse 5.0 3", "sse 100000.0 100000", "sse +Inf 100001"])
        #expect(registry.values(of: histogram[.sse]).count == 0)
    }

    @Test("written and read by many threads at once are never mixed")
    func concurrent() throws {
        let registry = Registry(unixMilliseconds: { 1 << 40 })
        let counter = registry.counter("t_total", help: "T.", shown: .diagnostic, exemplars: true)
        let faults = Mutex<[String]>([])
        runThreads(3) { index in
            for round in 0..<2000 {
                if index < 2 {
                    let id = UInt64(index * 10_000 + round + 1)
                    // Each time old enough to take the other's place.
                    let time = (1 << 40) - 60_000 + Int64(round % 8) * 7001
                    counter.increment(by: id, exemplar: Exemplar(traceID: (id, id), spanID: id), at: time)
                } else if round % 10 == 0 {
                    do {
                        guard let sample = try registry.read(.openMetrics).samples.first, let exemplar = sample.exemplar
                        else { continue }
                        let id = UInt64(exemplar.value)
                        let digits = String(id, radix: 16)
                        let span = String(repeating: "0", count: 16 - digits.count) + digits
                        if exemplar.labels.map(\.value) != [span + span, span] {
                            faults.withLock { $0.append("\(exemplar)") }
                        }
                    } catch {
                        faults.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        #expect(faults.withLock { $0 }.isEmpty)
    }
}
