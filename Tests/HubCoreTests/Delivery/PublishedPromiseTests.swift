// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import Testing

/// Two shards that tick when the test says so: what `published` promises while a message is on its way between them.
@Suite("What published promises across loops")
struct PublishedPromiseTests {
    private let hub = HubHarness(shards: 2)

    private func subscriber() -> FakeClient {
        let client = hub.connect()
        client.send(#"{"message_id":1,"message_type":"subscribe","data":{"topic":"a"}}"#)
        hub.tick()
        #expect(client.takeTexts() == [answer(1, "subscribed", topic: "a")])
        return client
    }

    /// Publishes on the other shard, which is told so, and lets the message lie on its way.
    private func publish(_ payload: Int, by client: FakeClient) {
        client.send(#"{"message_id":\#(payload),"message_type":"publish","data":{"topic":"a","payload":\#(payload)}}"#)
        hub.tick(1)
        #expect(client.takeTexts() == [answer(payload, "published", topic: "a")])
    }

    @Test("who was subscribed before gets it, however late its loop comes to it")
    func subscribedBefore() {
        let subscriber = subscriber()
        let publisher = hub.connect(to: 1)
        for number in 1...3 { publish(number, by: publisher) }
        #expect(subscriber.takeTexts().isEmpty)
        hub.tick(0)
        let expected = (1...3).map { message($0, topic: "a", payload: "\($0)", from: publisher.id) }
        #expect(subscriber.takeTexts() == expected)
        hub.expectBalanced()
    }

    @Test("who unsubscribes while it is on its way may miss it, and gets nothing after unsubscribed")
    func unsubscribedMeanwhile() {
        let subscriber = subscriber()
        let publisher = hub.connect(to: 1)
        publish(1, by: publisher)
        subscriber.send(#"{"message_id":2,"message_type":"unsubscribe","data":{"topic":"a"}}"#)
        publish(2, by: publisher)
        hub.tick()
        #expect(subscriber.takeTexts().last == answer(2, "unsubscribed", topic: "a"))
        publish(3, by: publisher)
        hub.tick()
        #expect(subscriber.takeTexts().isEmpty)
        hub.expectBalanced()
    }

    @Test("one's own messages all arrive before the unsubscribed that was asked for behind them")
    func ownMessages() {
        let client = subscriber()
        client.send(#"{"message_id":2,"message_type":"publish","data":{"topic":"a","payload":7}}"#)
        client.send(#"{"message_id":3,"message_type":"unsubscribe","data":{"topic":"a"}}"#)
        hub.tick()
        let texts = client.takeTexts()
        #expect(texts.last == answer(3, "unsubscribed", topic: "a"))
        #expect(texts.contains(message(1, topic: "a", payload: "7", from: client.id)))
        #expect(texts.count == 3)
        hub.expectBalanced()
    }

    @Test("a second subscribe is answered like the first, and each message still arrives once")
    func again() {
        let subscriber = subscriber()
        subscriber.send(#"{"message_id":2,"message_type":"subscribe","data":{"topic":"a"}}"#)
        hub.tick()
        #expect(subscriber.takeTexts() == [answer(2, "subscribed", topic: "a")])
        let publisher = hub.connect(to: 1)
        publish(1, by: publisher)
        hub.tick()
        #expect(subscriber.takeTexts() == [message(1, topic: "a", payload: "1", from: publisher.id)])
        subscriber.send(#"{"message_id":3,"message_type":"unsubscribe","data":{"topic":"a"}}"#)
        publish(2, by: publisher)
        hub.tick()
        #expect(subscriber.takeTexts() == [answer(3, "unsubscribed", topic: "a")])
    }

    @Test("a broadcast comes back to who sent it, and one by publish does not when it says so")
    func broadcastEcho() {
        let sender = hub.connect()
        sender.send(#"{"message_id":1,"message_type":"broadcast","data":{"payload":1}}"#)
        sender.send(#"{"message_id":2,"message_type":"publish","data":{"topic":"broadcast","payload":2,"echo":false}}"#)
        hub.tick()
        let texts = sender.takeTexts()
        #expect(texts.count == 3)
        #expect(texts.contains(message(1, topic: "broadcast", payload: "1", from: sender.id)))
    }
}
