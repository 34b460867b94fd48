// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubTesting
import HubWire
import Testing

@testable import HubCore

@Suite("Memory of what the hub asks of its bus")
struct OutboxMemoryTests {
    private struct Reference { weak let publication: Publication? }

    @Test("is given back for what the bus has taken while the rest of the mailbox waits")
    func letsGo() throws {
        let harness = BridgeHarness()
        var link = BusLink.Settings()
        link.publishTimeout = 60_000_000_000
        let node = harness.serve("a", link: link)
        harness.fail(.frozen)
        let topic = try TopicName("news")
        let references = (0..<10_000).map { _ in
            let publication = Publication(topic: topic, opcode: 1, payload: [0x31], ingress: 0)
            _ = node.outbox.publish(publication, from: 0)
            return Reference(publication: publication)
        }
        harness.settle()
        #expect(references.prefix(4_000).count { $0.publication != nil } == 0)
        #expect(references.suffix(5_000).count { $0.publication != nil } == 5_000)
        harness.fail(.none)
        harness.settle()
        #expect(references.count { $0.publication != nil } == 0)
    }
}
