// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// The outcome of a measurement, as text for people or JSON for programs.
struct BenchReport: Sendable {
    /// One figure: its name as a JSON key, its value, and its unit for people.
    struct Figure: Sendable {
        let key: String
        let value: Double
        let unit: String
    }

    private(set) var figures: [Figure] = []

    mutating func add(_ key: String, _ value: Double, _ unit: String = "") {
        figures.append(Figure(key: key, value: value, unit: unit))
    }

    /// Adds what a server used between two readings, in all and for each of `count` things.
    mutating func add(server before: ProcessUsage?, _ after: ProcessUsage?, per thing: String, count: UInt64) {
        guard let before, let after else { return }
        let used = Double(after.processor - min(before.processor, after.processor))
        add("server_cpu_seconds", used / 1e9, "s")
        if count > 0 { add("server_cpu_microseconds_per_\(thing)", used / 1000 / Double(count), "µs") }
        add("server_resident_bytes", Double(after.resident), "bytes")
    }

    mutating func add(_ latency: LatencyHistogram) {
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
            add("latency_\(name)_microseconds", Double(latency.percentile(share)) / 1000, "µs")
        }
        add("latency_max_microseconds", Double(latency.largest) / 1000, "µs")
    }

    var text: String {
        let width = figures.map(\.key.count).max() ?? 0
        return figures.map { figure in
            "\(figure.key)\(String(repeating: " ", count: width - figure.key.count))  \(Self.number(figure.value)) \(figure.unit)\n"
        }.joined()
    }

    var json: String {
        let members = figures.map { "\"\($0.key)\":\(Self.number($0.value))" }
        return "{\(members.joined(separator: ","))}\n"
    }

    /// At most three decimals; 0 for what is no number.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let rounded = abs(value) < 1e15 ? (value * 1000).rounded() / 1000 : value
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : String(rounded)
    }
}
