// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The rules about the values of a family: counts, buckets, states, quantiles.
struct ExpositionValueRules {
    let family: Exposition.Family
    let format: Exposition.Format
    private(set) var faults: [ExpositionFault] = []

    init(family: Exposition.Family, format: Exposition.Format) {
        self.family = family
        self.format = format
    }

    mutating func check() {
        switch family.type {
        case .counter: for sample in family.samples where sample.name != family.createdName { checkCount(sample) }
        case .info:
            for sample in family.samples where sample.value != 1 { report(.infoNotOne, sample) }
        case .stateset:
            for sample in family.samples where sample[label: family.name] == nil || ![0, 1].contains(sample.value) {
                report(.badState, sample)
            }
        case .histogram: for group in groups() { checkHistogram(group, count: "_count", sum: "_sum") }
        case .gaugehistogram: for group in groups() { checkHistogram(group, count: "_gcount", sum: "_gsum") }
        case .summary: for group in groups() { checkSummary(group) }
        case .gauge, .untyped, .unknown, nil: break
        }
    }

    /// The samples of one metric: same labels but for `le` or `quantile`.
    private struct Group {
        let labels: Set<Exposition.Label>
        var samples: [Exposition.Sample]
    }

    private mutating func groups() -> [Group] {
        var groups: [Group] = []
        var known: [Set<Exposition.Label>: Int] = [:]
        var current: Int?
        for sample in family.samples where sample.name != family.createdName {
            let labels = Set(sample.labels.filter { $0.name != "le" && $0.name != "quantile" })
            if let index = known[labels] {
                if index != current { report(.interleavedFamily, sample, "its other samples stand apart") }
                groups[index].samples.append(sample)
                current = index
            } else {
                current = groups.count
                known[labels] = groups.count
                groups.append(Group(labels: labels, samples: [sample]))
            }
        }
        return groups
    }

    // MARK: Histograms

    private struct Bucket {
        let sample: Exposition.Sample
        let bound: Double
    }

    private mutating func checkHistogram(_ group: Group, count countSuffix: String, sum sumSuffix: String) {
        let buckets = readBuckets(group)
        checkOrder(buckets)
        let count = group.samples.first { $0.name == family.name + countSuffix }
        let sum = group.samples.first { $0.name == family.name + sumSuffix }
        let last = buckets.last ?? nil
        if last?.bound != .infinity, !buckets.contains(where: { $0?.bound == .infinity }) {
            report(.missingInfBucket, group.samples[0])
        }
        if let count {
            checkCount(count)
            if let infinite = buckets.last(where: { $0?.bound == .infinity }) ?? nil,
                infinite.sample.value != count.value
            {
                report(.countMismatch, count, "+Inf bucket is \(infinite.sample.text)")
            }
        } else {
            report(.missingCount, group.samples[0])
        }
        if let sum {
            checkSum(sum, buckets)
        } else {
            report(.missingSum, group.samples[0])
        }
    }

    /// The buckets in the order written; nil for one whose bound cannot be used.
    private mutating func readBuckets(_ group: Group) -> [Bucket?] {
        var buckets: [Bucket?] = []
        for sample in group.samples where sample.name == family.name + "_bucket" {
            checkCount(sample)
            guard let text = sample[label: "le"] else {
                report(.missingBucketBound, sample)
                buckets.append(nil)
                continue
            }
            switch ExpositionNumber(text) {
            case .canonical(let bound), .unusual(let bound):
                if ExpositionNumber.canonicalBound(bound) != text {
                    report(.bucketBoundNotCanonical, sample, "should be \(ExpositionNumber.canonicalBound(bound))")
                }
                buckets.append(Bucket(sample: sample, bound: bound))
            case .unreadable:
                report(.badBucketBound, sample, text)
                buckets.append(nil)
            }
        }
        return buckets
    }

    private mutating func checkOrder(_ buckets: [Bucket?]) {
        var previous: Bucket?
        for case let bucket? in buckets {
            if let previous {
                if bucket.bound <= previous.bound {
                    report(.bucketsNotAscending, bucket.sample)
                } else if bucket.sample.value < previous.sample.value {
                    report(.bucketsNotCumulative, bucket.sample, "\(bucket.sample.text) after \(previous.sample.text)")
                }
            }
            if let exemplar = bucket.sample.exemplar {
                let lower = previous?.bound ?? -.infinity
                if !(exemplar.value > lower && exemplar.value <= bucket.bound) {
                    report(.exemplarOutsideBucket, bucket.sample, "\(exemplar.value)")
                }
            }
            previous = bucket
        }
    }

    /// Holds the sum against what the buckets allow, observations of nought or more taken for granted, as ours are.
    ///
    /// It is what finds a unit that was mixed up: nanoseconds summed beside bounds in seconds.
    private mutating func checkSum(_ sum: Exposition.Sample, _ buckets: [Bucket?]) {
        let known = buckets.compactMap { $0 }
        guard known.count == buckets.count, known.last?.bound == .infinity, sum.value >= 0 else {
            if sum.value.isNaN { report(.sumOutsideBuckets, sum) }
            return
        }
        var least = 0.0
        var most = 0.0
        var before = 0.0
        var lower = 0.0
        for bucket in known {
            let count = bucket.sample.value - before
            guard count >= 0 else { return }
            if count > 0 {
                least += count * max(0, lower)
                most += count * bucket.bound
            }
            before = bucket.sample.value
            lower = bucket.bound
        }
        // A sum is a rounded number, and so are the products here.
        let slack = 1e-9 * max(least, sum.value)
        if sum.value < least - slack || sum.value > most + slack {
            report(.sumOutsideBuckets, sum, "\(sum.text) is not within \(least)...\(most)")
        }
    }

    // MARK: Counts and quantiles

    private mutating func checkCount(_ sample: Exposition.Sample) {
        let whole = family.type == .counter || sample.value.rounded() == sample.value
        if !(sample.value >= 0) || !whole { report(.badCounterValue, sample, sample.text) }
    }

    private mutating func checkSummary(_ group: Group) {
        for sample in group.samples where sample.name == family.name {
            let quantile = sample[label: "quantile"].flatMap { Double($0) }
            if !(0...1).contains(quantile ?? -1) { report(.badQuantile, sample) }
        }
        if let count = group.samples.first(where: { $0.name == family.name + "_count" }) {
            checkCount(count)
        } else {
            report(.missingCount, group.samples[0])
        }
        if !group.samples.contains(where: { $0.name == family.name + "_sum" }) {
            report(.missingSum, group.samples[0])
        }
    }

    private mutating func report(_ kind: ExpositionFault.Kind, _ sample: Exposition.Sample, _ detail: String = "") {
        let text = detail.isEmpty ? sample.series : "\(sample.series): \(detail)"
        faults.append(ExpositionFault(kind: kind, line: sample.line, detail: text))
    }
}
