// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import gohub

@Suite("Latencies")
struct LatencyHistogramTests {
    /// Durations as they come: mostly short, a few very long.
    private static func samples(_ seed: UInt64) -> [UInt64] {
        var dice = SplitMix64(seed: seed)
        let count = Int(dice.next() % 5000) + 1
        return (0..<count).map { _ in dice.next() >> (dice.next() % 64) }
    }

    @Test("percentiles are those of the sorted durations, within a thirty-second", arguments: 0..<40 as Range<UInt64>)
    func percentiles(seed: UInt64) {
        let samples = Self.samples(seed)
        var histogram = LatencyHistogram()
        for sample in samples { histogram.observe(sample, count: 1) }
        let sorted = samples.sorted()
        #expect(histogram.total == UInt64(samples.count))
        #expect(histogram.largest == sorted.last)
        for share in [0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
            let rank = max(1, Int((Double(samples.count) * share).rounded(.up)))
            let exact = sorted[rank - 1]
            let told = histogram.percentile(share)
            #expect(told >= exact, "p\(share)")
            #expect(told - exact <= exact / 32, "p\(share) is \(told), exactly \(exact)")
        }
    }

    @Test("small durations are told exactly", arguments: 0...63 as ClosedRange<UInt64>)
    func small(value: UInt64) {
        var histogram = LatencyHistogram()
        histogram.observe(value, count: 3)
        #expect(histogram.percentile(0.5) == value)
    }

    @Test(
        "the ends of what can be told are told",
        arguments: [
            0, 64, 127, 128, .max / 2, .max / 2 + 1, .max - 1, .max, 1 << 62, 1 << 63,
        ] as [UInt64]
    )
    func ends(value: UInt64) {
        var histogram = LatencyHistogram()
        histogram.observe(value, count: 1)
        #expect(histogram.percentile(1) == value)
        histogram.observe(0, count: 1)
        #expect(histogram.percentile(0.5) == 0)
    }

    @Test("many of one duration count as many")
    func counts() {
        var histogram = LatencyHistogram()
        histogram.observe(10, count: 90)
        histogram.observe(1000, count: 10)
        #expect(histogram.percentile(0.9) == 10)
        #expect(histogram.percentile(0.91) >= 1000)
        #expect(histogram.total == 100)
    }

    @Test("nothing has no percentiles")
    func empty() {
        #expect(LatencyHistogram().percentile(0.99) == 0)
    }
}
