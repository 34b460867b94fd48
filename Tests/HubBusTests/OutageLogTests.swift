// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubTesting
import Testing

@testable import HubBus

@Suite("The log of an outage")
struct OutageLogTests {
    @Test("tells one story: lost once, trying again now and then, back after so long")
    func story() {
        let harness = LinkHarness()
        harness.becomeReady()
        #expect(harness.story == ["info the message bus is ready"])
        harness.lose()
        let lost = harness.now
        // Every attempt fails, for half a minute.
        while harness.now < lost + 30_000_000_000 {
            harness.tick(after: max(harness.wait, .milliseconds(1)))
            if harness.bus.takeCalls().contains(.connect) { harness.lose(.unreachable) }
        }
        harness.becomeReady()
        let story = Array(harness.story.dropFirst())
        #expect(
            story.first == "warning the message bus is lost; clients of other nodes are not reached until it is back"
        )
        #expect(story.last == "info the message bus is back; all subscriptions are restored")
        let retries = story.dropFirst().dropLast()
        #expect(Set(retries) == ["warning the message bus cannot be reached; trying again"])
        #expect((2...5).contains(retries.count), "\(retries.count) in half a minute")
        #expect(harness.log.records.last?["after"] != nil)
        #expect(harness.log.records.last?["attempts"] != nil)
    }

    @Test("says by which way publications travel, where there are several")
    func way() {
        let harness = LinkHarness()
        harness.becomeReady()
        #expect(harness.log.records.last?["publications"] == nil)
        harness.lose()
        harness.bus.way = "sharded"
        harness.becomeReady()
        #expect(harness.log.records.last?["publications"] == "sharded")
    }

    @Test("warns of publications that fail once a second, however many do")
    func publications() {
        let harness = LinkHarness()
        for _ in 0..<100 {
            harness.publish()
            harness.tick(after: .milliseconds(30))
        }
        let warning = "warning publishing on the message bus failed; local clients were served"
        #expect(harness.story == [warning, warning, warning])
        #expect(harness.log.lines.allSatisfy { $0.contains("disconnected") })
    }

    @Test("says which subscription was refused")
    func refused() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.link.interestRefused(.broadcast, "no rights")
        #expect(harness.log.lines.last?.contains("broadcast") == true)
        #expect(harness.log.lines.last?.contains("no rights") == true)
    }
}
