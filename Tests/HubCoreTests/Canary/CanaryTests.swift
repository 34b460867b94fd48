// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics
import HubTesting
import HubWire
import Testing

/// A message of a node to itself, through all its loops.
@Suite("The canary of the local path")
struct CanaryTests {
    private let registry = Registry()
    private let metrics: CanaryMetrics

    init() { metrics = CanaryMetrics(registry, hasBus: false) }

    private func count(_ result: String) throws -> Double? {
        try Exposition(scraping: registry).value(of: "gohub_canary_total", ["path": "local", "result": result])
    }

    @Test("without a bus there are its two results from the start, and nothing of a bus")
    func families() throws {
        let page = try Exposition(scraping: registry)
        #expect(try count("ok") == 0)
        #expect(try count("timeout") == 0)
        #expect(try count("refused") == nil)
        #expect(page.value(of: "gohub_canary_total", ["path": "bus", "result": "ok"]) == nil)
        #expect(page.value(of: "gohub_canary_latency_seconds_count", ["path": "bus"]) == nil)
        #expect(page.value(of: "gohub_canary_latency_seconds_count", ["path": "local"]) == 0)
    }

    @Test("it has arrived when the last loop has passed it on, and took as long", arguments: [1, 3])
    func arrives(shards: Int) throws {
        let harness = HubHarness(shards: shards)
        let canary = harness.hub.sendCanary(metrics)
        for index in 0..<shards - 1 { harness.tick(index) }
        #expect(try count("ok") == 0)
        harness.clock.advance(by: .milliseconds(20))
        harness.tick(shards - 1)
        #expect(try count("ok") == 1)
        let page = try Exposition(scraping: registry)
        let sum = page.value(of: "gohub_canary_latency_seconds_sum", ["path": "local"])
        #expect(sum == 0.02)
        canary.expire()
        #expect(try count("timeout") == 0)
    }

    @Test("one that a loop has not passed on in time has failed, once, whatever comes later")
    func stuck() throws {
        let harness = HubHarness(shards: 2)
        let canary = harness.hub.sendCanary(metrics)
        harness.tick(0)
        canary.expire()
        canary.expire()
        #expect(try count("timeout") == 1)
        #expect(canary.isUnderWay)
        harness.tick(1)
        #expect(!canary.isUnderWay)
        #expect(try count("ok") == 0)
        #expect(try count("timeout") == 1)
    }

    @Test("one that comes too late has failed before anybody gave it up")
    func late() throws {
        let harness = HubHarness()
        let canary = harness.hub.sendCanary(metrics)
        harness.clock.advance(by: .milliseconds(1001))
        harness.tick()
        canary.expire()
        #expect(try count("timeout") == 1)
        #expect(try count("ok") == 0)
    }

    @Test("what was published before it is written when it arrives, and nothing else counts it")
    func order() throws {
        let harness = HubHarness(shards: 2)
        let clients = [harness.connect(to: 0), harness.connect(to: 1)]
        harness.hub.broadcast(.text(Array("1".utf8)))
        let before = harness.snapshot().ledger
        _ = harness.hub.sendCanary(metrics)
        #expect(clients.allSatisfy { $0.take().isEmpty })
        harness.tick(0)
        harness.tick(1)
        #expect(try count("ok") == 1)
        #expect(clients.allSatisfy { $0.take().count == 1 })
        let after = harness.snapshot().ledger
        #expect(before.enqueued(.broadcast) + 2 == after.enqueued(.broadcast))
        #expect(harness.imbalance() == nil)
    }
}
