// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the histogram promises, under fire.
///
/// `GOHUB_STRESS=1` makes it a thousand times as long; build for release then.
@Suite("Consistency", .serialized)
struct ConsistencyTests {
    static let isStress = getenv("GOHUB_STRESS") != nil

    struct Load: CustomTestStringConvertible {
        let writers: Int
        let hot: Bool
        var testDescription: String { "\(writers) writers, \(hot ? "hot" : "cold")" }
    }

    struct Outcome: Equatable {
        var inconsistent = 0
        var decreasing = 0
        var lost: Int64 = 0
    }

    @Test(
        "no scrape sees an observation in half, none goes back, none is lost",
        arguments: [Load(writers: 2, hot: true), Load(writers: 1, hot: false), Load(writers: 4, hot: false)]
    )
    func underFire(_ load: Load) {
        let observations = Self.isStress ? 100_000_000 : 400_000
        let snapshots = Self.isStress ? 2_000_000 : 2000
        let registry = Registry()
        let buckets = Buckets.custom((1...11).map { $0 * 1000 }, unit: .none)
        let histogram = registry.histogram("t_things", help: "T.", buckets: buckets, shown: .diagnostic, hot: load.hot)
        let progress = Progress()

        // Whatever falls into bucket q has the value 1000 q + 7, so that the buckets tell what the sum must be.
        let outcome = Mutex(Outcome())
        runThreads(load.writers + 1) { index in
            if index == load.writers {
                let seen = Self.watch(registry, histogram, snapshots: snapshots, progress)
                outcome.withLock { $0 = seen }
            } else {
                Self.observe(histogram, from: index, atLeast: observations / load.writers, progress)
            }
        }
        let total = registry.values(of: histogram)
        var result = outcome.withLock { $0 }
        result.lost = progress.observed.load(ordering: .relaxed) - Int64(total.count)
        #expect(result == Outcome())
        #expect(total.sum == Self.sum(of: total))
        print(
            "\(load.testDescription): \(total.count) observations under \(progress.snapshots.load(ordering: .relaxed)) "
                + "snapshots: \(result.inconsistent) inconsistent, \(result.decreasing) decreasing, \(result.lost) lost"
        )
    }

    @Test("pages read while threads count are consistent in themselves and never go back")
    func pages() throws {
        let registry = Registry()
        let transports = registry.histogram(
            "t_things",
            help: "T.",
            by: Transport.self,
            buckets: .counts,
            shown: .diagnostic
        )
        let counter = registry.counter("t_done_total", help: "T.", shown: .diagnostic, hot: true)
        let rounds = Self.isStress ? 1000 : 20
        let done = Atomic<Bool>(false)
        let faults = Mutex<[String]>([])
        runThreads(3) { index in
            if index < 2 {
                while !done.load(ordering: .relaxed) {
                    transports[.ws].observe(3)
                    transports[.sse].observe(300)
                    counter.increment()
                }
                return
            }
            do {
                var before = try registry.read(.openMetrics)
                for _ in 0..<rounds {
                    // The strict reader checks order, sums and counts of each page.
                    let page = try registry.read(.openMetrics)
                    for regression in page.regressions(since: before) {
                        faults.withLock { $0.append("\(regression)") }
                    }
                    before = page
                }
            } catch {
                faults.withLock { $0.append("\(error)") }
            }
            done.store(true, ordering: .relaxed)
        }
        #expect(faults.withLock { $0 }.isEmpty)
    }

    @Test("L5 concurrent scrapes see the same families, each page within a second")
    func concurrentScrapes() {
        let registry = everyKind()
        registry.registerSelfMetrics()
        let pages = Mutex<[String]>([])
        let slowest = Mutex<Duration>(.zero)
        runThreads(4) { _ in
            for _ in 0..<5 {
                let start = ContinuousClock.now
                let page = registry.page(.openMetrics)
                let took = ContinuousClock.now - start
                slowest.withLock { $0 = max($0, took) }
                let families = page.split(separator: "\n").filter { $0.hasPrefix("# ") }.joined(separator: "\n")
                pages.withLock { $0.append(families) }
            }
        }
        #expect(Set(pages.withLock { $0 }).count == 1)
        #expect(slowest.withLock { $0 } < .seconds(1))
        #expect(registry.scrapeCount(.openMetrics) == 20)
    }

    private final class Progress: Sendable {
        let observed = Atomic<Int64>(0)
        let snapshots = Atomic<Int>(0)
        let stop = Atomic<Bool>(false)
    }

    /// Observes at least so often, and on until the watcher has seen enough.
    private static func observe(_ histogram: Histogram, from start: Int, atLeast least: Int, _ progress: Progress) {
        var next = UInt64(start)
        var count = 0
        while count < least || !progress.stop.load(ordering: .relaxed) {
            let bucket = next % 12
            histogram.observe(bucket * 1000 + 7)
            next &+= 1
            count += 1
        }
        progress.observed.wrappingAdd(Int64(count), ordering: .relaxed)
    }

    private static func watch(
        _ registry: Registry,
        _ histogram: Histogram,
        snapshots: Int,
        _ progress: Progress
    ) -> Outcome {
        var outcome = Outcome()
        var last = registry.values(of: histogram)
        for _ in 0..<snapshots {
            let now = registry.values(of: histogram)
            if now.sum != sum(of: now) { outcome.inconsistent += 1 }
            if zip(now.buckets, last.buckets).contains(where: <) || now.sum < last.sum { outcome.decreasing += 1 }
            last = now
            progress.snapshots.wrappingAdd(1, ordering: .relaxed)
        }
        progress.stop.store(true, ordering: .relaxed)
        return outcome
    }

    /// The sum that these buckets must have.
    private static func sum(of values: HistogramValues) -> UInt64 {
        zip(values.buckets, 0...).reduce(0) { sum, bucket in sum &+ bucket.0 &* (UInt64(bucket.1) * 1000 + 7) }
    }
}
