// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubCore
import HubTesting
import HubWire
import Testing

/// Nodes that are one hub.
@Suite("Two hubs on a bus")
struct BridgeTests {
    let harness = BridgeHarness()
    let news: TopicName

    init() throws { news = try TopicName("news") }

    @Test("a broadcast reaches the clients of both nodes once")
    func broadcast() {
        let (a, b) = (harness.serve("a", shards: 2), harness.serve("b"))
        let clients = [a.hub.connect(to: 0), a.hub.connect(to: 1), b.hub.connect()]
        clients[0].send(#"{"message_id":1,"message_type":"broadcast","data":{"payload":7}}"#)
        harness.settle()
        for client in clients {
            #expect(client.takeTexts().filter { $0.contains(#""message_type":"message""#) }.count == 1)
        }
        #expect(a.hub.imbalance() == nil)
        #expect(b.hub.imbalance() == nil)
    }

    @Test("a publication reaches the subscribers of another node byte for byte, text and binary, in order")
    func publication() throws {
        let (a, b) = (harness.serve("a"), harness.serve("b", shards: 2))
        let (publisher, subscriber) = (a.hub.connect(), b.hub.connect(to: 1))
        subscriber.send(#"{"message_id":1,"message_type":"subscribe","data":{"topic":"news"}}"#)
        harness.settle()
        #expect(subscriber.takeTexts().last?.contains(#""subscribed","data":{"topic":"news"}"#) == true)
        for number in 0..<100 {
            publisher.send(#"{"message_type":"publish","data":{"topic":"news","payload": \#(number) }}"#)
        }
        harness.settle()
        let payloads = subscriber.takeTexts().compactMap { text in
            text.split(separator: "\"payload\":").last?.split(separator: ",").first.map(String.init)
        }
        #expect(payloads == (0..<100).map { "\($0)" })
        publisher.send([4] + Array("news".utf8) + [255])
        harness.settle()
        #expect(subscriber.take().count == 1)
    }

    @Test("an unknown id is told at once, one of another node by that node")
    func unicast() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let (sender, receiver, other) = (a.hub.connect(), b.hub.connect(), b.hub.connect())
        sender.send(#"{"message_id":1,"message_type":"unicast","data":{"client_id":"\#(receiver.id)","payload":1}}"#)
        harness.settle()
        #expect(sender.takeTexts().last?.contains(#""message_type":"published""#) == true)
        #expect(receiver.takeTexts().last?.contains(#""payload":1"#) == true)
        #expect(other.take().isEmpty)
        receiver.vanish()
        sender.send(#"{"message_id":2,"message_type":"unicast","data":{"client_id":"\#(receiver.id)","payload":1}}"#)
        harness.settle()
        #expect(sender.takeTexts().last?.contains("client_not_found") == true)
    }
}
