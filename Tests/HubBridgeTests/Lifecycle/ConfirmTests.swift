// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubTesting
import HubWire
import Testing

/// Publications whose publisher wants to know what the bus did.
@Suite("Confirmed publications")
struct ConfirmTests {
    let harness = BridgeHarness()

    /// Asks for a confirmed publication, or broadcast.
    private func ask(_ client: FakeClient, broadcast: Bool) {
        guard broadcast else { return client.askPublish("7", confirm: true) }
        client.send(#"{"message_id":1,"message_type":"broadcast","data":{"payload":7,"confirm":true}}"#)
    }

    @Test("without a bus the answer comes at once", arguments: [false, true])
    func noop(broadcast: Bool) {
        let hub = HubHarness()
        let client = hub.connect()
        ask(client, broadcast: broadcast)
        hub.tick()
        #expect(client.takeNews().contains("published 1"))
        #expect(hub.snapshot().openAnswers == 0)
    }

    @Test("with a bus it comes after the bus's own", arguments: [false, true])
    func confirmed(broadcast: Bool) {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        ask(client, broadcast: broadcast)
        harness.settle()
        #expect(!client.takeNews().contains("published 1"))
        #expect(node.hub.snapshot().openAnswers == 1)
        harness.fail(.none)
        #expect(client.takeNews() == ["published 1"])
    }

    @Test("a bus that refuses is unavailable", arguments: [false, true])
    func refused(broadcast: Bool) {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.refusing)
        ask(client, broadcast: broadcast)
        harness.settle()
        #expect(client.takeNews().contains("bus_unavailable 1"))
        #expect(node.bus("publish_failures_total", ["reason": "rejected"]) == 1)
    }

    @Test("a bus that is down is unavailable at once, and the local delivery stands", arguments: [false, true])
    func down(isBuffered: Bool) {
        var settings = BridgeSettings()
        settings.bufferBytes = isBuffered ? 1 << 20 : 0
        let node = harness.serve("a", settings: settings)
        let (client, subscriber) = (node.hub.connect(), node.hub.connect())
        subscriber.askSubscribe()
        harness.fail(.down)
        _ = subscriber.take()
        ask(client, broadcast: false)
        harness.settle()
        #expect(client.takeNews() == ["bus_unavailable 1"])
        #expect(subscriber.takeNews() == ["7"])
        #expect(node.bus("buffered_publishes") == (isBuffered ? 1 : 0))
    }

    @Test("no answer by the deadline is unavailable, and the local delivery stands")
    func timeout() {
        let node = harness.serve("a")
        let (client, subscriber) = (node.hub.connect(), node.hub.connect())
        subscriber.askSubscribe()
        harness.settle()
        _ = subscriber.take()
        harness.fail(.frozen)
        ask(client, broadcast: false)
        harness.advance(.milliseconds(40))
        #expect(client.takeNews() == [])
        harness.advance(.milliseconds(20))
        #expect(client.takeNews() == ["bus_unavailable 1"])
        #expect(subscriber.takeNews() == ["7"])
        // The bus's answer that comes later answers nobody.
        harness.fail(.none)
        #expect(client.takeNews() == [])
        #expect(node.hub.snapshot().openAnswers == 0)
    }

    @Test("a connection that breaks before the answer is unavailable")
    func broken() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        ask(client, broadcast: false)
        harness.settle()
        harness.fail(.down)
        #expect(client.takeNews() == ["bus_unavailable 1"])
    }

    @Test("a client that has gone is answered nothing, and nothing is left of it")
    func gone() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        ask(client, broadcast: false)
        harness.settle()
        client.vanish()
        harness.fail(.none)
        #expect(node.hub.snapshot().openAnswers == 0)
        #expect(node.hub.imbalance() == nil)
    }
}
