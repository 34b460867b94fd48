// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// From when to when a subscriber gets what is published.
@Suite("Subscriptions")
struct SubscriptionTests {
    let news: TopicName

    init() throws { news = try TopicName("news") }

    @Test("a subscriber gets what is published between its subscribing and unsubscribing, within one tick")
    func bounds() throws {
        let hub = HubHarness()
        let (publisher, client, witness) = (hub.connect(), hub.connect(), hub.connect())
        try witness.subscribe(news)
        publisher.publish("before", to: news)
        try client.subscribe(news)
        publisher.publish("during", to: news)
        client.unsubscribe(news)
        publisher.publish("after", to: news)
        hub.tick()
        #expect(client.takeTexts() == ["during"])
        #expect(witness.takeTexts() == ["before", "during", "after"])
        hub.expectBalanced()
    }

    @Test("a newcomer gets only the broadcasts made after it came")
    func newcomer() {
        let hub = HubHarness()
        let witness = hub.connect()
        witness.publish("before", to: .broadcast)
        let client = hub.connect()
        witness.publish("after", to: .broadcast)
        hub.tick()
        #expect(client.takeTexts() == ["after"])
        #expect(witness.takeTexts() == ["before", "after"])
    }

    @Test("a client gets nothing before it is registered")
    func unregistered() throws {
        let hub = HubHarness()
        let client = FakeClient(hub.shards[0], receiver: hub.receiver)
        let id = client.id
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        #expect(client.take().isEmpty)
        #expect(hub.hub.clientCount == 0)
        #expect(throws: HubError.clientNotFound) { try hub.hub.push(Frame("x"), to: id) }
        #expect(throws: HubError.connectionClosed) { try client.subscribe(news) }
        #expect(hub.snapshot().attached == 1)
        client.vanish()
        #expect(hub.leftovers() == nil)
    }

    @Test("a client that is closing gets what was published before, then its close frame, and nothing more")
    func closing() throws {
        let hub = HubHarness()
        let (client, witness) = (hub.connect(), hub.connect())
        try client.subscribe(news)
        try witness.subscribe(news)
        witness.publish("before", to: news)
        hub.shards[0].beginClosing(client.client, .drain)
        [UInt8](arrayLiteral: 0x03, 0xE9).withUnsafeBytes { hub.shards[0].control(8, $0, to: client.client) }
        witness.publish("after", to: news)
        hub.hub.broadcast(Frame("all"))
        #expect(throws: HubError.clientNotFound) { try hub.hub.push(Frame("x"), to: client.id) }
        hub.tick()
        #expect(client.take() == [.text("before"), .close(1001, "")])
        #expect(witness.takeTexts().count == 3)
        #expect(hub.hub.clientCount == 1)
        hub.expectBalanced()
        hub.expectEmptyAfterAllLeft()
    }

    @Test("subscribing twice is one subscription, and one unsubscribe ends it")
    func twice() throws {
        let hub = HubHarness()
        let client = hub.connect()
        try client.subscribe(news)
        try client.subscribe(news)
        client.publish("1", to: news)
        client.unsubscribe(news)
        client.publish("2", to: news)
        client.unsubscribe(news)
        hub.tick()
        #expect(client.takeTexts() == ["1"])
        let snapshot = hub.snapshot()
        #expect((snapshot.subscribes, snapshot.unsubscribes) == (1, 1))
        #expect((snapshot.topics, snapshot.subscriptions) == (0, 0))
    }

    @Test("a topic is gone with its last subscriber and comes back empty")
    func lastSubscriber() throws {
        let hub = HubHarness()
        let (first, second) = (hub.connect(), hub.connect())
        try first.subscribe(news)
        first.publish("1", to: news)
        first.unsubscribe(news)
        first.publish("2", to: news)
        try second.subscribe(news)
        first.publish("3", to: news)
        hub.tick()
        #expect(first.takeTexts() == ["1"])
        #expect(second.takeTexts() == ["3"])
        #expect(hub.snapshot().topics == 1)
    }

    @Test("names that look alike but differ in bytes are different topics")
    func bytewise() throws {
        let (composed, decomposed) = (try TopicName("caf\u{E9}"), try TopicName("cafe\u{301}"))
        let hub = HubHarness()
        let client = hub.connect()
        try client.subscribe(composed)
        client.publish("1", to: decomposed)
        client.publish("2", to: composed)
        hub.tick()
        #expect(client.takeTexts() == ["2"])
    }

    @Test("a client may subscribe to its limit of topics, and to others after leaving some")
    func limitPerClient() throws {
        var limited = HubSettings()
        limited.maxSubscriptionsPerClient = 3
        let hub = HubHarness(settings: limited)
        let (client, other) = (hub.connect(), hub.connect())
        let names = try (0..<5).map { try TopicName("topic\($0)") }
        for name in names[..<3] { try client.subscribe(name) }
        try client.subscribe(names[0])
        // A topic that exists is refused as well as one that would be new.
        try other.subscribe(names[3])
        for name in names[3...] {
            let error = #expect(throws: HubError.self) { try client.subscribe(name) }
            #expect(error?.code == .tooManySubscriptions)
        }
        client.unsubscribe(names[1])
        try client.subscribe(names[4])
        #expect(hub.snapshot().subscriptions == 4)
        #expect(hub.snapshot().topics == 4)
    }

    @Test("a hub holds its limit of topics; subscribing to one that exists is still free")
    func limitOfTopics() throws {
        var limited = HubSettings()
        limited.maxTopics = 2
        let hub = HubHarness(settings: limited)
        let (client, other) = (hub.connect(), hub.connect())
        try client.subscribe(news)
        try client.subscribe(TopicName("sport"))
        let third = try TopicName("third")
        let error = #expect(throws: HubError.self) { try client.subscribe(third) }
        #expect(error?.code == .tooManyTopics)
        try other.subscribe(news)
        client.unsubscribe(try TopicName("sport"))
        try client.subscribe(third)
    }

    @Test(
        "subscribers that leave from any place of the list leave the others in theirs",
        arguments: 0..<8 as Range<UInt64>
    )
    func swapRemove(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let hub = HubHarness()
        let names = try (0..<6).map { try TopicName("topic\($0)") }
        let clients = (0..<12).map { _ in hub.connect() }
        var members: [Set<Int>] = Array(repeating: [], count: names.count)
        for round in 0..<300 {
            let (topic, index) = (Int.random(in: 0..<6, using: &random), Int.random(in: 0..<12, using: &random))
            if members[topic].contains(index) {
                clients[index].unsubscribe(names[topic])
                members[topic].remove(index)
            } else {
                try clients[index].subscribe(names[topic])
                members[topic].insert(index)
            }
            for (name, topic) in zip(names, 0...) { clients[0].publish("\(round) \(topic)", to: name) }
            hub.tick()
            for (index, client) in clients.enumerated() {
                let expected = (0..<6).filter { members[$0].contains(index) }.map { "\(round) \($0)" }
                #expect(client.takeTexts() == expected)
            }
        }
        #expect(hub.snapshot().subscriptions == members.reduce(0) { $0 + $1.count })
        hub.expectEmptyAfterAllLeft()
    }
}
