// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubTesting
import Testing

/// What is longer than a message may be, and comes in an envelope all the same.
@Suite("Envelopes that are too large")
struct TooLargeTests {
    let harness = BridgeHarness()

    private func serve() -> BridgeHarness.Node {
        var settings = BridgeSettings()
        settings.maxMessageBytes = 1000
        return harness.serve("a", settings: settings)
    }

    private func dropped(_ node: BridgeHarness.Node) -> Int {
        node.bus("inbound_dropped_total", ["reason": "too_large"])
    }

    @Test("a publication goes nowhere, and leaves no gap", arguments: [1000, 1001])
    func publication(size: Int) {
        let node = serve()
        let client = node.hub.connect()
        let stranger = Stranger(harness)
        stranger.publish("1", to: .broadcast, 1)
        stranger.publish(String(repeating: "x", count: size), to: .broadcast, 2)
        stranger.publish("3", to: .broadcast, 3)
        #expect(client.takeTexts().map(\.utf8.count) == (size == 1000 ? [1, 1000, 1] : [1, 1]))
        #expect(dropped(node) == size - 1000)
        #expect(node.bus("gap_messages_total") == 0)
        #expect(node.hub.imbalance() == nil)
    }

    @Test("a frame for one client does not reach it, and its sender is told at once", arguments: [1000, 1001])
    func request(size: Int) {
        let node = serve()
        let other = harness.serve("b")
        let (client, sender) = (node.hub.connect(), other.hub.connect())
        // The hub's own text around it is as long for one as for any.
        sender.askUnicast("1", to: client.id)
        harness.settle()
        let around = client.takeTexts().first.map { $0.utf8.count - 1 } ?? 0
        _ = sender.take()
        sender.askUnicast(String(repeating: "1", count: size - around), to: client.id, id: 2)
        harness.settle()
        #expect(sender.takeNews() == [size == 1000 ? "published 2" : "bus_unavailable 2"])
        #expect(client.takeTexts().map(\.utf8.count) == (size == 1000 ? [1000] : []))
        #expect(dropped(node) == size - 1000)
    }

    @Test("a record that is longer than any node's is dropped before it is read", arguments: [0, 1])
    func tooLong(excess: Int) {
        let node = serve()
        let start = #"{"id":"x","incarnation":"7","new":""#
        let padding = NodeRecord.maximumBytes + excess - start.utf8.count - 2
        Stranger(harness).send(
            .init(.node, to: .nodes),
            Array((start + String(repeating: "x", count: padding) + "\"}").utf8)
        )
        #expect(node.knownNodes == (excess == 0 ? ["a", "x"] : ["a"]))
        #expect(dropped(node) == excess)
    }
}
