// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import Synchronization
import Testing

@Suite("Families of open labels")
struct DynamicFamilyTests {
    @Test("find the same series again, show them in order, and sanitise values once")
    func lookup() {
        let registry = Registry()
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["peer", "kind"], shown: .diagnostic)
        family.series("b", "x").increment()
        family.series("a", "y").increment(by: 2)
        family.series("a", "x").increment(by: 3)
        family.series("b", "x").increment(by: 4)
        #expect(
            registry.samples() == [
                "t_total{peer=\"a\",kind=\"x\"} 3", "t_total{peer=\"a\",kind=\"y\"} 2",
                "t_total{peer=\"b\",kind=\"x\"} 5",
            ]
        )
        #expect(family.count == 3)
    }

    @Test("have neither header nor sample while empty")
    func empty() {
        let registry = Registry()
        _ = registry.dynamicGauge("t_value", help: "T.", labels: ["peer"], shown: .diagnostic)
        #expect(registry.page(.text004) == "")
        #expect(registry.page(.openMetrics) == "# EOF\n")
    }

    @Test("count what is beyond the limit in one series of overflow, and say how much")
    func overflow() throws {
        let registry = Registry()
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["a", "b"], limit: 3, shown: .diagnostic)
        let other = registry.dynamicCounter("u_total", help: "U.", labels: ["a"], shown: .diagnostic)
        registry.registerSelfMetrics()
        for index in 0..<10 { family.series("\(index)", "x").increment() }
        other.series("x").increment()
        #expect(family.overflowed == 7)
        #expect(family.count == 4)
        let lines = registry.samples()
        #expect(lines.contains("t_total{a=\"__overflow__\",b=\"__overflow__\"} 7"))
        #expect(lines.contains("gohub_metrics_overflow_total{family=\"t_total\"} 7"))
        #expect(lines.contains("gohub_metrics_overflow_total{family=\"u_total\"} 0"))
        // Room again: the next label set gets its own series, the overflow stays.
        #expect(family.remove("0", "x"))
        family.series("10", "x").increment()
        #expect(registry.samples().contains("t_total{a=\"10\",b=\"x\"} 1"))
        #expect(registry.samples().contains("t_total{a=\"__overflow__\",b=\"__overflow__\"} 7"))
        _ = try registry.read(.openMetrics)
    }

    @Test("a value from outside that looks like the overflow's is the overflow's")
    func namedOverflow() {
        let registry = Registry()
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["a"], limit: 1, shown: .diagnostic)
        family.series("__overflow__").increment()
        family.series("x").increment()
        family.series("y").increment()
        #expect(registry.samples() == ["t_total{a=\"__overflow__\"} 2", "t_total{a=\"x\"} 1"])
    }

    @Test("cut values of more than 256 bytes between two characters")
    func cut() throws {
        let registry = Registry()
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["a"], shown: .diagnostic)
        family.series(String(repeating: "é", count: 200)).increment()
        family.series(String(repeating: "x", count: 256)).increment()
        let lengths = try registry.read(.text004).samples.map { $0[label: "a"]?.utf8.count }
        #expect(lengths == [256, 255])
        #expect(registry.samples()[1].hasSuffix("é…\"} 1"))
    }

    @Test("refuse and count updates by handles to removed series")
    func lateUpdates() {
        let registry = Registry()
        let counters = registry.dynamicCounter("t_total", help: "T.", labels: ["a"], shown: .diagnostic)
        let gauges = registry.dynamicGauge("t_value", help: "T.", labels: ["a"], shown: .diagnostic)
        let counter = counters.series("x")
        let gauge = gauges.series("x")
        counter.increment(by: 5)
        gauge.set(5)
        #expect(counters.remove("x") && gauges.remove("x"))
        #expect(!counters.remove("x"))
        counter.increment()
        counter.publish(7)
        gauge.set(6)
        gauge.add(1)
        #expect(registry.refusedUpdates(.removed) == 4)
        #expect(registry.samples() == [])
        // A new tenant is not disturbed by the old handle, even once the slot is let again.
        for round in 0..<5 {
            let again = counters.series("y\(round)")
            again.increment()
            counter.increment(by: 100)
            #expect(registry.samples() == ["t_total{a=\"y\(round)\"} 1"])
            #expect(counters.removeAll { $0 == ["y\(round)"] } == 1)
        }
        #expect(registry.refusedUpdates(.removed) == 9)
    }

    @Test("let a slot again only after two scrapes, and then do not take more memory")
    func slotsRest() {
        let registry = Registry()
        let family = registry.dynamicGauge("t_value", help: "T.", labels: ["a"], limit: 64, shown: .diagnostic)
        for round in 0..<50 {
            let gauges = (0..<20).map { family.series("\(round)-\($0)") }
            for (index, gauge) in gauges.enumerated() { gauge.set(index) }
            #expect(registry.samples().count == 20)
            #expect(gauges.enumerated().allSatisfy { $0.element.value == Double($0.offset) })
            #expect(family.removeAll() == 20)
            #expect(registry.samples() == [])
        }
        #expect(registry.refusedUpdates(.removed) == 0)
    }

    @Test("gauges that nobody updates go after their time; those updated and the overflow stay")
    func expiry() {
        let now = Atomic<Int64>(1_000_000)
        let registry = Registry(unixMilliseconds: { now.load(ordering: .relaxed) })
        let family = registry.dynamicGauge(
            "t_value",
            help: "T.",
            labels: ["a"],
            limit: 2,
            idle: .seconds(300),
            shown: .diagnostic
        )
        let (kept, idle) = (family.series("kept"), family.series("idle"))
        kept.set(1)
        idle.set(2)
        family.series("more").set(3)
        #expect(registry.samples().count == 3)
        for _ in 0..<5 {
            now.add(60_000, ordering: .relaxed)
            kept.set(1)
            #expect(registry.samples().count == 3)
        }
        now.add(1, ordering: .relaxed)
        #expect(registry.samples() == ["t_value{a=\"__overflow__\"} 3", "t_value{a=\"kept\"} 1"])
        idle.set(9)
        #expect(registry.refusedUpdates(.removed) == 1)
        family.series("idle").set(4)
        #expect(registry.samples().contains("t_value{a=\"idle\"} 4"))
    }

    @Test("counters never expire")
    func countersStay() {
        let now = Atomic<Int64>(1)
        let registry = Registry(unixMilliseconds: { now.load(ordering: .relaxed) })
        let family = registry.dynamicCounter("t_total", help: "T.", labels: ["a"], shown: .diagnostic)
        family.series("x").increment()
        _ = registry.samples()
        now.store(1 << 50, ordering: .relaxed)
        #expect(registry.samples() == ["t_total{a=\"x\"} 1"])
    }

    @Test("live and die under scrapes from other threads")
    func concurrent() throws {
        let registry = Registry()
        let family = registry.dynamicGauge(
            "t_value",
            help: "T.",
            labels: ["thread", "n"],
            limit: 50,
            shown: .diagnostic
        )
        let faults = Mutex<[String]>([])
        runThreads(3) { index in
            for round in 0..<200 {
                if index == 2 {
                    do {
                        _ = try registry.read(.openMetrics)
                    } catch {
                        faults.withLock { $0.append("\(error)") }
                    }
                    continue
                }
                let gauge = family.series("\(index)", "\(round % 40)")
                gauge.set(round)
                if round % 3 == 0 { family.remove("\(index)", "\(round % 40)") }
                gauge.add(1)
            }
        }
        #expect(faults.withLock { $0 }.isEmpty)
        // Each removal left one update to refuse, unless the series was the overflow's or made again in between.
        #expect(registry.refusedUpdates(.removed) <= 134)
    }
}
