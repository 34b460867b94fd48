// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// Reading values out of a body, for tests that move something and look at what was counted.

extension Exposition {
    package subscript(family name: String) -> Family? {
        families.first { $0.name == name }
    }

    /// All samples in the order written.
    package var samples: [Sample] { families.flatMap(\.samples) }

    /// The sample of exactly this name and these labels.
    ///
    /// - Parameter name: The name of the sample, not of its family: `x_total`, `h_count`.
    package func sample(of name: String, _ labels: [String: String] = [:]) -> Sample? {
        samples.first { $0.name == name && $0.matches(labels) && $0.labels.count == labels.count }
    }

    /// The value of exactly one series; nil when the body has no such series.
    package func value(of name: String, _ labels: [String: String] = [:]) -> Double? {
        sample(of: name, labels)?.value
    }

    /// The sum over all series of the name that have at least these labels; 0 when there is none.
    package func sum(of name: String, where labels: [String: String] = [:]) -> Double {
        samples.lazy.filter { $0.name == name && $0.matches(labels) }.reduce(0) { $0 + $1.value }
    }

    /// What a histogram holds; nil when the body has no such histogram.
    ///
    /// - Parameter labels: All of its labels but `le`.
    package func histogram(of name: String, _ labels: [String: String] = [:]) -> HistogramReading? {
        guard let count = value(of: name + "_count", labels), let sum = value(of: name + "_sum", labels) else {
            return nil
        }
        let buckets = samples.filter {
            $0.name == name + "_bucket" && $0.matches(labels) && $0.labels.count == labels.count + 1
        }
        return HistogramReading(
            count: count,
            sum: sum,
            buckets: buckets.compactMap { sample in
                sample[label: "le"].flatMap { Double($0 == "+Inf" ? "inf" : $0) }.map { ($0, sample.value) }
            }
        )
    }

    /// A histogram's count, sum and cumulative buckets.
    package struct HistogramReading: Sendable {
        package let count: Double
        package let sum: Double
        package let buckets: [(bound: Double, count: Double)]
    }
}

extension Exposition.Sample {
    /// Whether it has at least these labels.
    package func matches(_ wanted: [String: String]) -> Bool {
        wanted.allSatisfy { name, value in
            labels.contains(Exposition.Label(name: name, value: value))
        }
    }
}
