// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubTesting
import Testing

@testable import HubBridge

/// What operators see of the tables of sequence numbers.
@Suite("Series of sequence numbers")
struct SequenceMetricsTests {
    let harness = BridgeHarness()

    /// How many topics a node holds and has forgotten: those that it numbers, and those that it watches.
    private func shown(_ node: BridgeHarness.Node) -> [[Int]] {
        ["sent", "received"].map { side in
            ["sequence_topics", "sequence_evictions_total"].map { node.bus($0, ["side": side]) }
        }
    }

    @Test("show the topics that each end holds, and count those that were forgotten for others")
    func moves() {
        let (sender, receiver) = (harness.serve("a"), harness.serve("b"))
        let (publisher, subscriber) = (sender.hub.connect(), receiver.hub.connect())
        sender.bridge.sequences = SequenceBook(capacity: 2)
        receiver.bridge.gaps = GapDetector(capacity: 3)
        for node in [sender, receiver] { #expect(shown(node) == [[0, 0], [0, 0]]) }
        for number in 1...5 {
            subscriber.askSubscribe("news \(number)")
            harness.settle()
            publisher.askPublish("1", to: "news \(number)")
            harness.settle()
            #expect(shown(sender) == [[min(number, 2), max(number - 2, 0)], [0, 0]])
            #expect(shown(receiver) == [[0, 0], [min(number, 3), max(number - 3, 0)]])
        }
        #expect(subscriber.takePayloads().count == 5)
    }

    @Test("show no topic that nobody wants any more, which counts as none that was forgotten for others")
    func ends() {
        let (sender, receiver) = (harness.serve("a"), harness.serve("b"))
        let (publisher, subscriber) = (sender.hub.connect(), receiver.hub.connect())
        for name in ["news", "weather"] {
            subscriber.askSubscribe(name)
            harness.settle()
            publisher.askPublish("1", to: name)
            harness.settle()
        }
        #expect(shown(receiver) == [[0, 0], [2, 0]])
        subscriber.askUnsubscribe("news")
        harness.advance(.milliseconds(1_200))
        #expect(shown(receiver) == [[0, 0], [1, 0]])
        #expect(shown(sender) == [[2, 0], [0, 0]])
    }
}
