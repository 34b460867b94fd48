// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubTesting
import HubWire
import Testing

/// Several nodes with several loops are one hub.
@Suite("Order across nodes")
struct OrderTests {
    @Test(
        "each publisher's messages to a topic come in order, each once, to every loop of every node",
        arguments: [(2, 1), (2, 4), (3, 4)]
    )
    func order(nodeCount: Int, shards: Int) {
        let harness = BridgeHarness()
        var random = SplitMix64(seed: UInt64(nodeCount * 10 + shards))
        let nodes = (0..<nodeCount).map { harness.serve("n\($0)", shards: shards) }
        let topics = ["news", "sport", "broadcast"]
        var (publishers, subscribers): ([FakeClient], [FakeClient]) = ([], [])
        for node in nodes {
            for shard in 0..<shards {
                publishers.append(node.hub.connect(to: shard))
                let subscriber = node.hub.connect(to: shard)
                for topic in topics.prefix(2) { subscriber.askSubscribe(topic) }
                subscribers.append(subscriber)
            }
        }
        harness.settle()
        for client in subscribers { _ = client.take() }
        let rounds = 100
        for round in 0..<rounds {
            for (number, publisher) in publishers.enumerated() {
                for topic in topics.shuffled(using: &random) {
                    publisher.askPublish("\"\(number) \(topic) \(round)\"", to: topic)
                }
                if Int.random(in: 0..<7, using: &random) == 0 { harness.settle() }
            }
        }
        harness.settle()
        for subscriber in subscribers {
            var streams: [String: [Int]] = [:]
            for payload in subscriber.takePayloads() {
                let parts = payload.dropFirst().dropLast().split(separator: " ")
                streams["\(parts[0]) \(parts[1])", default: []].append(Int(parts[2]) ?? -1)
            }
            #expect(streams.count == publishers.count * topics.count)
            #expect(streams.values.allSatisfy { $0 == Array(0..<rounds) })
        }
        for node in nodes {
            #expect(node.hub.imbalance() == nil)
            #expect(node.bus("gap_messages_total") == 0)
            #expect(node.bus("duplicates_total") == 0)
            node.hub.disconnectAll()
            harness.advance(.seconds(3))
            #expect(node.hub.leftovers() == nil)
            #expect(node.bus("subscriptions", ["state": "desired"]) == 4)
        }
    }

    @Test("a message goes to those loops alone that have subscribers")
    func quietLoops() {
        let harness = BridgeHarness()
        let (a, b) = (harness.serve("a", shards: 4), harness.serve("b", shards: 4))
        b.hub.connect(to: 2).askSubscribe()
        harness.settle()
        b.isHubFrozen = true
        a.hub.connect().askPublish("1")
        harness.settle()
        #expect((0..<4).map { b.hub.wakeCount(of: $0) } == [0, 0, 1, 0])
    }
}
