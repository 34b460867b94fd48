// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Testing

@Suite("Histograms")
struct HistogramTests {
    @Test("put each value into the first bucket that is not below it")
    func bucketSearch() {
        var draws = SystemRandomNumberGenerator()
        for buckets in [
            Buckets.microseconds, .milliseconds, .sizes, .counts, .custom([0, 1, 2, 3], unit: .none),
            .custom([UInt64.max - 1], unit: .none), .custom((1...100).map { $0 * 7 }, unit: .none),
        ] {
            let bounds = buckets.bounds.map { buckets.unit == .seconds ? ($0 * 1e9).rounded() : $0 }
            var values: [UInt64] = [0, 1, 2, .max, 1 << 63, (1 << 63) - 1]
            for bound in bounds where bound < 1e18 { values += [UInt64(bound) &- 1, UInt64(bound), UInt64(bound) + 1] }
            for _ in 0..<200 { values.append(draws.next() >> UInt64.random(in: 0..<64)) }
            for value in values where value < 1 << 60 {
                let expected = bounds.firstIndex { Double(value) <= $0 } ?? bounds.count
                #expect(buckets.index(of: value) == expected, "\(value) among \(bounds)")
            }
            #expect(buckets.index(of: .max) == buckets.count - 1)
        }
    }

    @Test("sum exactly, in whole nanoseconds")
    func exactSum() {
        let registry = Registry()
        let histogram = registry.histogram("t_seconds", help: "T.", buckets: .microseconds, shown: .diagnostic)
        for _ in 0..<10 { histogram.observe(100_000_001) }
        histogram.observe(7, count: 3)
        let values = registry.values(of: histogram)
        #expect(values.sum == 1_000_000_010 + 21)
        #expect(values.count == 13)
        #expect(registry.samples().contains("t_seconds_sum 1.000000031"))
    }

    @Test("show what was observed in place and what a hook published, together")
    func publishes() {
        let registry = Registry()
        let buckets = Buckets.custom([10, 20], unit: .none)
        let histogram = registry.histogram("t_things", help: "T.", buckets: buckets, shown: .diagnostic)
        var local = LocalHistogram(buckets)
        registry.onScrape { [local] in histogram.publish(local.values) }
        local.observe(5)
        histogram.observe(15)
        histogram.publish(local.values)
        local.observe(100, count: 2)
        histogram.publish(local.values)
        #expect(registry.values(of: histogram) == HistogramValues(buckets: [1, 1, 2], sum: 220))
        #expect(
            registry.samples() == [
                "t_things_bucket{le=\"10.0\"} 1", "t_things_bucket{le=\"20.0\"} 2", "t_things_bucket{le=\"+Inf\"} 4",
                "t_things_sum 220", "t_things_count 4",
            ]
        )
        // The hook has published less than before.
        #expect(registry.refusedUpdates(.decreasing) == 1)
    }

    @Test("refuse and count what contradicts what was published")
    func refuses() {
        let registry = Registry()
        let buckets = Buckets.custom([10, 20], unit: .none)
        let histogram = registry.histogram("t_things", help: "T.", buckets: buckets, shown: .diagnostic)
        let good = HistogramValues(buckets: [1, 2, 3], sum: 100)
        histogram.publish(good)
        histogram.publish(HistogramValues(buckets: [0, 5, 5], sum: 200))
        histogram.publish(HistogramValues(buckets: [1, 2, 4], sum: 99))
        histogram.publish(HistogramValues(.sizes))
        #expect(registry.values(of: histogram) == good)
        #expect(registry.refusedUpdates(.decreasing) == 2)
        #expect(registry.refusedUpdates(.mismatched) == 1)
    }

    @Test("L4 exist at 0 with every bound, the objective's 0.25 s among them")
    func defaults() {
        let registry = Registry()
        _ = registry.histogram("t_seconds", help: "T.", buckets: .milliseconds, shown: .diagnostic)
        #expect(registry.samples().contains("t_seconds_bucket{le=\"0.25\"} 0"))
        #expect(registry.samples().count == Buckets.milliseconds.count + 2)
        #expect(registry.samples().allSatisfy { $0.hasSuffix(" 0") })
        #expect(Buckets.microseconds.bounds.contains(0.25))
    }

    @Test("of one loop add up, keep apart when copied, and forget when reset")
    func local() {
        let buckets = Buckets.custom([10, 20], unit: .bytes)
        var one = LocalHistogram(buckets)
        one.observe(10)
        one.observe(11, count: 4)
        var other = one
        other.observe(.max)
        #expect(one.values == HistogramValues(buckets: [1, 4, 0], sum: 54))
        #expect(other.values.buckets == [1, 4, 1])
        var both = HistogramValues(buckets)
        #expect(both.add(one) && both.add(one.values))
        #expect(both == HistogramValues(buckets: [2, 8, 0], sum: 108))
        #expect(both.count == 10)
        #expect(!both.add(LocalHistogram(.sizes)) && !both.add(HistogramValues(.sizes)))
        one.reset()
        #expect(one.values == HistogramValues(buckets))
    }

    @Test("have equal buckets when bounds and unit are equal")
    func equality() {
        #expect(Buckets.custom([1, 2], unit: .none) == Buckets.custom([1, 2], unit: .none))
        #expect(Buckets.custom([1, 2], unit: .none) != Buckets.custom([1, 2], unit: .bytes))
        #expect(Buckets.custom([1, 2], unit: .none) != Buckets.custom([1, 3], unit: .none))
        #expect(Buckets.sizes == Buckets.sizes)
    }
}
