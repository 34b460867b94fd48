// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Testing

/// Families of which not every combination of labels can be.
@Suite("Series that cannot be")
struct PossibleSeriesTests {
    @Test("are not on the page, nor counted among its series")
    func absent() {
        let registry = Registry()
        let counters = registry.counter(
            "a_total",
            help: "A.",
            by: Transport.self,
            Scope.self,
            where: { transport, scope in transport == .ws || scope == .broadcast },
            shown: .diagnostic
        )
        counters[.ws, .user].increment()
        #expect(
            registry.samples() == [
                #"a_total{transport="ws",scope="room"} 0"#, #"a_total{transport="ws",scope="user"} 1"#,
                #"a_total{transport="ws",scope="broadcast"} 0"#, #"a_total{transport="sse",scope="broadcast"} 0"#,
            ]
        )
        #expect(registry.seriesCount == 4)
    }

    @Test("appear once they are counted after all: no event is lost")
    func shownWhenCounted() {
        let registry = Registry()
        let counters = registry.counter(
            "a_total",
            help: "A.",
            by: Transport.self,
            where: { $0 == .ws },
            shown: .diagnostic
        )
        let gauges = registry.gauge("b_value", help: "B.", by: Transport.self, where: { $0 == .ws }, shown: .diagnostic)
        let histograms = registry.histogram(
            "c_bytes",
            help: "C.",
            by: Transport.self,
            where: { $0 == .ws },
            buckets: .sizes,
            shown: .diagnostic
        )
        let lines = Buckets.sizes.bounds.count + 3
        #expect(registry.seriesCount == 2 + lines)
        counters[.sse].increment(by: 3)
        gauges[.sse].set(-1)
        var values = HistogramValues(.sizes)
        values.buckets[0] = 2
        histograms[.sse].publish(values)
        let samples = registry.samples()
        #expect(samples.contains(#"a_total{transport="sse"} 3"#))
        #expect(samples.contains(#"b_value{transport="sse"} -1"#))
        #expect(samples.contains(#"c_bytes_count{transport="sse"} 2"#))
        #expect(samples.count == 4 + 2 * lines)
        #expect(registry.seriesCount == samples.count)
        gauges[.sse].set(0)
        #expect(!registry.samples().contains { $0.hasPrefix(#"b_value{transport="sse"}"#) })
    }

    @Test("of a list that the program has at registration only, too")
    func listed() {
        let registry = Registry()
        let counters = registry.counters(
            "a_total",
            help: "A.",
            listed: LabelDescription(name: "route", values: ["/", "/x"]),
            Transport.self,
            Scope.self,
            where: { route, transport, scope in route == 1 && transport == .sse && scope != .user },
            shown: .diagnostic
        )
        let cases = Transport.allCases.count * Scope.allCases.count
        #expect(counters.count == 2 * cases)
        for (place, counter) in counters.enumerated() where place % cases == 0 {
            counter.increment(by: UInt64(place + 1))
        }
        #expect(registry.samples().count == 4)
        #expect(registry.samples().contains(#"a_total{route="/",transport="ws",scope="room"} 1"#))
        #expect(registry.samples().contains(#"a_total{route="/x",transport="ws",scope="room"} \#(cases + 1)"#))
        #expect(registry.samples().contains(#"a_total{route="/x",transport="sse",scope="broadcast"} 0"#))
        #expect(registry.catalogue[0].labels[0].values == ["/x"])

        let histograms = registry.histograms(
            "b_bytes",
            help: "B.",
            listed: LabelDescription(name: "route", values: ["/", "/x"]),
            buckets: .sizes,
            shown: .diagnostic
        )
        #expect(histograms.count == 2)
        histograms[1].observe(1)
        #expect(registry.samples().contains(#"b_bytes_count{route="/x"} 1"#))
        #expect(registry.samples().contains(#"b_bytes_count{route="/"} 0"#))
    }

    @Test("are not in the catalogue, which names the combinations unless all of its values' can be")
    func catalogue() {
        let registry = Registry()
        _ = registry.counter(
            "a_total",
            help: "A.",
            by: Scope.self,
            where: { $0 != .user },
            shown: .diagnostic
        )
        _ = registry.counter(
            "b_total",
            help: "B.",
            by: Transport.self,
            Scope.self,
            where: { transport, scope in transport == .ws ? scope == .room : scope != .user },
            shown: .diagnostic
        )
        _ = registry.counter(
            "c_total",
            help: "C.",
            by: Transport.self,
            Scope.self,
            Only.self,
            where: { transport, _, _ in transport == .ws },
            shown: .diagnostic
        )
        let families = registry.catalogue
        #expect(families[0].labels.map(\.values) == [["room", "broadcast"]])
        #expect(families[0].combinations == nil)
        #expect(families[1].labels.map(\.values) == [["ws", "sse"], ["room", "broadcast"]])
        #expect(families[1].combinations == [["ws", "room"], ["sse", "room"], ["sse", "broadcast"]])
        #expect(families[2].labels.map(\.values) == [["ws"], ["room", "user", "broadcast"], ["one"]])
        #expect(families[2].combinations == nil)
        let json = Catalogue.json(families)
        #expect(json.contains(#""combinations": [["ws", "room"], ["sse", "room"], ["sse", "broadcast"]]"#))
        #expect(Catalogue.markdown(families).contains("B. Only the 3 combinations that can be. |"))
    }
}
