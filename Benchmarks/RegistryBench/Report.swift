// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// What was measured, beside its targets.
struct Report {
    var updates: [Measurement] = []
    var scrapes: [ScrapeBench.Outcome] = []

    /// A figure that must not exceed its limit.
    struct Target {
        var name: String
        var value: Double
        var limit: Double
        var isMet: Bool { value <= limit }
    }

    var targets: [Target] {
        var targets = [
            Target(name: "counter / shared atomic add", value: ratio("counter"), limit: 1.3),
            Target(name: "hot counter / shared atomic add", value: ratio("hot counter"), limit: 1.3),
            Target(name: "hot histogram / shared atomic add", value: ratio("hot histogram"), limit: 1.6),
            Target(name: "hot counter, two threads / one", value: slowdown("hot counter"), limit: 1.2),
            Target(name: "hot histogram, two threads / one", value: slowdown("hot histogram"), limit: 1.2),
        ]
        targets += scrapes.map { scrape in
            Target(name: "ns a series, \(scrape.format.labelValue)", value: scrape.perSeries, limit: 25)
        }
        return targets
    }

    /// The targets that were missed.
    var missed: [Target] { targets.filter { !$0.isMet } }

    private func cost(_ name: String, threads: Int = 1) -> Double {
        updates.first { $0.name == name && $0.threads == threads }?.nanoseconds ?? .nan
    }

    private func ratio(_ name: String) -> Double { cost(name) / cost("shared atomic add") }

    private func slowdown(_ name: String) -> Double { median(name, threads: 2) / median(name, threads: 1) }

    private func median(_ name: String, threads: Int) -> Double {
        updates.first { $0.name == name && $0.threads == threads }?.median ?? .nan
    }

    var text: String {
        var text = "update                        threads      ns  median   to a shared atomic add\n"
        for update in updates {
            let relative = update.nanoseconds / cost("shared atomic add")
            text += "\(left(update.name, 30))\(right("\(update.threads)", 7))"
            text += "\(right(fixed(update.nanoseconds), 8))\(right(fixed(update.median), 8))"
            text += "\(right(fixed(relative), 9))\n"
        }
        text += "\nscrape             series       bytes      ms   ns a series\n"
        for scrape in scrapes {
            text +=
                "\(left(scrape.format.labelValue, 15))\(right("\(scrape.series)", 10))\(right("\(scrape.bytes)", 12))"
            text += "\(right(fixed(Double(scrape.nanoseconds) / 1e6), 8))\(right(fixed(scrape.perSeries), 10))\n"
        }
        text += "\n"
        for target in targets {
            text += "\(left(target.name, 36))\(right(fixed(target.value), 7)) of at most \(fixed(target.limit))"
            text += target.isMet ? "\n" : "   MISSED\n"
        }
        return text
    }

    var json: String {
        let updates = updates.map { update in
            "{\"name\": \"\(update.name)\", \"threads\": \(update.threads), \"ns\": \(fixed(update.nanoseconds)), "
                + "\"median_ns\": \(fixed(update.median))}"
        }
        let scrapes = scrapes.map { scrape in
            "{\"format\": \"\(scrape.format.labelValue)\", \"series\": \(scrape.series), \"bytes\": \(scrape.bytes), "
                + "\"ns\": \(scrape.nanoseconds), \"wall_ns\": \(scrape.wallNanoseconds), "
                + "\"ns_per_series\": \(fixed(scrape.perSeries))}"
        }
        let targets = targets.map { target in
            "{\"name\": \"\(target.name)\", \"value\": \(fixed(target.value)), \"limit\": \(fixed(target.limit)), "
                + "\"met\": \(target.isMet)}"
        }
        return """
            {
              "updates": [\(updates.joined(separator: ", "))],
              "scrapes": [\(scrapes.joined(separator: ", "))],
              "targets": [\(targets.joined(separator: ", "))]
            }

            """
    }

    /// Two decimals.
    private func fixed(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
