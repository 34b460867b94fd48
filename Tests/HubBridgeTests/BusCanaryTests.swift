// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import Testing

@testable import HubBridge

/// When a canary is due, and what becomes of it.
@Suite("The canary of a bus, as a value")
struct BusCanaryTests {
    /// Sends one each 50, and waits 10 for it.
    private final class Course {
        private var canary = BusCanary(interval: 50, patience: 10)
        var nextDeadline: UInt64 { canary.nextDeadline }
        func due(_ now: UInt64) -> UInt64? { canary.due(now) }
        func returned(_ number: UInt64, _ now: UInt64) -> UInt64? { canary.returned(number, now) }
        func refused(_ number: UInt64) -> Bool { canary.refused(number) }
        func expire(_ now: UInt64) -> Bool { canary.expire(now) }
    }

    private let canary = Course()

    @Test("the first is due at once, the next an interval after it, and only when it is known what became of the last")
    func due() {
        #expect(canary.due(100) == 1)
        #expect(canary.nextDeadline == 110)
        #expect(canary.due(150) == nil)
        #expect(canary.returned(1, 104) == 4)
        #expect(canary.nextDeadline == 150)
        #expect(canary.due(149) == nil)
        #expect(canary.due(150) == 2)
    }

    @Test("one that has taken too long is given up once, and its return counts for nothing")
    func expire() {
        #expect(canary.due(100) == 1)
        #expect(!canary.expire(109))
        #expect(canary.expire(110))
        #expect(!canary.expire(110))
        #expect(canary.returned(1, 111) == nil)
        #expect(!canary.refused(1))
    }

    @Test("one that was refused is not waited for, and no other counts as refused")
    func refused() {
        #expect(canary.due(100) == 1)
        #expect(!canary.refused(2))
        #expect(canary.refused(1))
        #expect(!canary.expire(200))
        #expect(canary.due(150) == 2)
    }
}

/// A node that writes to itself through the bus.
@Suite("The canary of a bus")
struct BridgeCanaryTests {
    private let harness = BridgeHarness()
    private let node: BridgeHarness.Node

    init() {
        node = harness.add("a", hasCanary: true)
        harness.settle()
    }

    private func count(_ result: String) -> Int {
        node.value("gohub_canary_total", ["path": "bus", "result": result])
    }

    @Test("comes back every five seconds once the node serves, and counts in no family of the bus")
    func comesBack() throws {
        harness.advance(.seconds(17))
        #expect(count("ok") == 4)
        #expect(count("timeout") + count("refused") == 0)
        #expect(node.value("gohub_canary_latency_seconds_count", ["path": "bus"]) == 4)
        // The same node on another bus, which sends none.
        let other = BridgeHarness()
        let quiet = other.add("a", incarnation: node.identity.incarnation)
        other.settle()
        other.advance(.seconds(17))
        for name in ["published_total", "received_total", "received_bytes_total", "transit_seconds_count"] {
            #expect(node.bus(name) == quiet.bus(name), "gohub_bus_\(name)")
            #expect(node.bus(name) > 0)
        }
    }

    @Test("is refused while the bus takes nothing, and comes back when it does again")
    func refused() {
        harness.advance(.seconds(2))
        harness.fail(.down)
        harness.advance(.seconds(10))
        #expect(count("refused") == 2)
        let before = count("ok")
        harness.recover()
        #expect(count("ok") > before)
        #expect(count("timeout") == 0)
    }

    @Test("has failed when the bus keeps silent")
    func silent() {
        harness.advance(.seconds(2))
        #expect(count("ok") == 1)
        harness.fail(.frozen)
        harness.advance(.seconds(6))
        #expect(count("timeout") == 1)
        #expect(count("refused") == 0)
    }

    @Test("is none of a node that leaves")
    func leaving() {
        harness.advance(.seconds(2))
        harness.close(node)
        harness.advance(.seconds(20))
        #expect(count("ok") == 1)
        #expect(count("timeout") + count("refused") == 0)
    }
}
