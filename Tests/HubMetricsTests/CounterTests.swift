// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Testing

@Suite("Counters")
struct CounterTests {
    @Test("count from many threads without losing one, striped or not", arguments: [false, true])
    func concurrent(hot: Bool) {
        let registry = Registry()
        let counter = registry.counter("t_total", help: "T.", shown: .diagnostic, hot: hot)
        runThreads(4) { index in
            for _ in 0..<10_000 { counter.increment(by: UInt64(index + 1)) }
        }
        #expect(counter.value == 100_000)
        #expect(registry.samples() == ["t_total 100000"])
    }

    @Test("find the child of one, two and three labels, all there at 0 from the start")
    func families() {
        let registry = Registry()
        let one = registry.counter("t1_total", help: "T.", by: Scope.self, shown: .diagnostic, hot: true)
        let two = registry.counter("t2_total", help: "T.", by: Only.self, Transport.self, shown: .diagnostic)
        let three = registry.counter(
            "t3_total",
            help: "T.",
            by: Transport.self,
            Only.self,
            Scope.self,
            shown: .diagnostic,
            exemplars: true
        )
        #expect(registry.samples().count == 3 + 2 + 6)
        #expect(registry.samples().allSatisfy { $0.hasSuffix(" 0") })
        for (index, scope) in Scope.allCases.enumerated() {
            one[scope].increment(by: UInt64(index + 1))
            for transport in Transport.allCases {
                three[transport, .one, scope].increment(by: UInt64(10 + index + (transport == .sse ? 10 : 0)))
            }
        }
        two[.one, .sse].increment(by: 9)
        #expect(
            registry.samples() == [
                "t1_total{scope=\"room\"} 1", "t1_total{scope=\"user\"} 2", "t1_total{scope=\"broadcast\"} 3",
                "t2_total{only=\"one\",transport=\"ws\"} 0", "t2_total{only=\"one\",transport=\"sse\"} 9",
                "t3_total{transport=\"ws\",only=\"one\",scope=\"room\"} 10",
                "t3_total{transport=\"ws\",only=\"one\",scope=\"user\"} 11",
                "t3_total{transport=\"ws\",only=\"one\",scope=\"broadcast\"} 12",
                "t3_total{transport=\"sse\",only=\"one\",scope=\"room\"} 20",
                "t3_total{transport=\"sse\",only=\"one\",scope=\"user\"} 21",
                "t3_total{transport=\"sse\",only=\"one\",scope=\"broadcast\"} 22",
            ]
        )
    }

    @Test("take published totals from a hook, each scrape anew")
    func published() {
        let registry = Registry()
        let family = registry.counter("t_total", help: "T.", by: Scope.self, shown: .diagnostic, hot: true)
        let scrapes = registry.counter("u_total", help: "U.", shown: .diagnostic)
        registry.onScrape { scrapes.increment() }
        registry.onScrape { family[.broadcast].publish(scrapes.value * 10) }
        #expect(registry.samples().contains("t_total{scope=\"broadcast\"} 10"))
        #expect(registry.samples(.openMetrics).contains("t_total{scope=\"broadcast\"} 20"))
        #expect(registry.refusedUpdates(.decreasing) == 0)
        family[.user].publish(5)
        family[.user].publish(4)
        #expect(registry.refusedUpdates(.decreasing) == 1)
        #expect(family[.user].value == 5)
    }

    @Test("wrap rather than trap at the end of 64 bits")
    func wraps() {
        let registry = Registry()
        let other = registry.counter("t_total", help: "T.", shown: .diagnostic)
        other.increment(by: .max)
        other.increment(by: 2)
        #expect(other.value == 1)
    }
}

@Suite("Gauges")
struct GaugeTests {
    @Test("take integers, doubles and truths")
    func sets() {
        let registry = Registry()
        let gauge = registry.gauge("t_value", help: "T.", shown: .diagnostic)
        gauge.set(5)
        #expect(gauge.value == 5)
        gauge.set(-7 as Int64)
        #expect(gauge.value == -7)
        gauge.set(1 << 53 as UInt64)
        #expect(gauge.value == 9_007_199_254_740_992)
        gauge.set(0.5)
        #expect(gauge.value == 0.5)
        gauge.set(true)
        #expect(gauge.value == 1)
        gauge.add(-3)
        gauge.add(0.25)
        gauge.add(1 as Int64)
        #expect(registry.samples() == ["t_value -0.75"])
    }

    @Test("add from many threads without losing one")
    func concurrent() {
        let registry = Registry()
        let gauge = registry.gauge("t_value", help: "T.", by: Transport.self, shown: .diagnostic)
        runThreads(4) { index in
            for _ in 0..<5000 { gauge[.sse].add(index % 2 == 0 ? 3 : -1) }
        }
        #expect(gauge[.sse].value == 20_000)
        #expect(gauge[.ws].value == 0)
    }

    @Test("a state set shows exactly the states that are on")
    func states() {
        let registry = Registry()
        let states = registry.stateSet("t_state", help: "T.", of: Scope.self, shown: .diagnostic)
        #expect(registry.samples().allSatisfy { $0.hasSuffix(" 0") })
        states.set(.user)
        states.set(.broadcast)
        #expect(!states.isOn(.user) && states.isOn(.broadcast))
        states.set(.room, on: true)
        states.set(.broadcast, on: false)
        #expect(
            registry.samples() == [
                "t_state{t_state=\"room\"} 1", "t_state{t_state=\"user\"} 0", "t_state{t_state=\"broadcast\"} 0",
            ]
        )
    }
}
