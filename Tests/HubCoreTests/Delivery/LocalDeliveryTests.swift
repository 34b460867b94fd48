// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// Rules 1 and 3: who gets what, once, and in which order.
@Suite("Local delivery")
struct LocalDeliveryTests {
    let news: TopicName
    let sport: TopicName

    init() throws {
        news = try TopicName("news")
        sport = try TopicName("sport")
    }

    @Test("a publication reaches each subscriber once and nobody else", arguments: [1, 2, 3])
    func subscribersOnly(shards: Int) throws {
        let hub = HubHarness(shards: shards)
        let subscribers = (0..<6).map { hub.connect(to: $0 % shards) }
        let others = (0..<6).map { hub.connect(to: $0 % shards) }
        for client in subscribers { try client.subscribe(news) }
        for client in others { try client.subscribe(sport) }
        subscribers[0].publish("one", to: news)
        hub.tick()
        for client in subscribers { #expect(client.take() == [.text("one")]) }
        for client in others { #expect(client.take().isEmpty) }
        hub.expectBalanced()
        hub.expectEmptyAfterAllLeft()
    }

    @Test("a publisher need not be a subscriber, and then gets nothing back", arguments: [true, false])
    func outsider(echo: Bool) throws {
        let hub = HubHarness()
        let (publisher, subscriber) = (hub.connect(), hub.connect())
        try subscriber.subscribe(news)
        publisher.publish("one", to: news, echo: echo)
        hub.tick()
        #expect(publisher.take().isEmpty)
        #expect(subscriber.take() == [.text("one")])
    }

    @Test("a broadcast reaches every client once, its sender too", arguments: [1, 2, 3])
    func broadcast(shards: Int) {
        let hub = HubHarness(shards: shards)
        let clients = (0..<9).map { hub.connect(to: $0 % shards) }
        clients[0].publish("all", to: .broadcast)
        hub.tick()
        hub.hub.broadcast(Frame("again"))
        hub.tick()
        for client in clients { #expect(client.take() == [.text("all"), .text("again")]) }
        hub.expectBalanced()
    }

    @Test("a broadcast reaches a client once even if it subscribes to many topics")
    func broadcastOnce() throws {
        let hub = HubHarness()
        let client = hub.connect()
        for index in 0..<20 { try client.subscribe(TopicName("topic\(index)")) }
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        #expect(client.take() == [.text("all")])
    }

    @Test("what two publishers send to two topics arrives in each one's order", arguments: [1, 2, 3])
    func order(shards: Int) throws {
        let hub = HubHarness(shards: shards, settings: settings(messages: 10_000))
        let publishers = (0..<2).map { hub.connect(to: $0 % shards) }
        let subscribers = (0..<4).map { hub.connect(to: $0 % shards) }
        for client in subscribers {
            try client.subscribe(news)
            try client.subscribe(sport)
        }
        for number in 0..<400 {
            for (name, publisher) in zip(["a", "b"], publishers) {
                let topic = number % 3 == 0 ? sport : news
                publisher.publish("\(name) \(topic) \(number)", to: topic)
            }
            if number % 7 == 0 { hub.tick(number % shards) }
        }
        hub.tick()
        for client in subscribers {
            let texts = client.takeTexts()
            #expect(texts.count == 800)
            for name in ["a", "b"] {
                for topic in [news, sport] {
                    let numbers = texts.filter { $0.hasPrefix("\(name) \(topic) ") }.compactMap { text in
                        text.split(separator: " ").last.flatMap { Int($0) }
                    }
                    #expect(numbers == (0..<400).filter { ($0 % 3 == 0) == (topic == sport) })
                }
            }
        }
        hub.expectBalanced()
    }

    @Test("what a thread publishes through the hub arrives in its order on every shard")
    func orderThroughHub() throws {
        let hub = HubHarness(shards: 3, settings: settings(messages: 1_000))
        let subscribers = (0..<3).map { hub.connect(to: $0) }
        for client in subscribers { try client.subscribe(news) }
        for number in 0..<500 { try hub.hub.publish(Frame("\(number)"), to: "news") }
        hub.tick()
        for client in subscribers { #expect(client.takeTexts() == (0..<500).map { "\($0)" }) }
    }

    @Test(
        "text and binary keep their kind",
        arguments: [Frame.text(Array("ä€".utf8)), .binary([0, 255, 1]), .binary([])]
    )
    func kinds(frame: Frame) throws {
        let hub = HubHarness()
        let client = hub.connect()
        try client.subscribe(news)
        try hub.hub.publish(frame, to: "news")
        hub.hub.broadcast(frame)
        try hub.hub.push(frame, to: client.id)
        hub.tick()
        let expected: ReceivedFrame =
            switch frame {
            case .text(let bytes): .text(String(decoding: bytes, as: UTF8.self))
            case .binary(let bytes): .binary(bytes)
            }
        #expect(client.take() == [expected, expected, expected])
    }

    @Test("a frame of any length arrives whole", arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 300_000, 1 << 20])
    func lengths(count: Int) throws {
        let hub = HubHarness(settings: settings(bytes: 1))
        let client = hub.connect()
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        hub.hub.broadcast(.binary(bytes))
        try hub.hub.push(.binary(bytes), to: client.id)
        hub.tick()
        #expect(client.take() == [.binary(bytes), .binary(bytes)])
        hub.expectBalanced()
    }

    @Test(
        "names that no topic can have are refused",
        arguments: ["", "unicast/x", "a\u{7}", String(repeating: "a", count: 256)]
    )
    func badTopic(name: String) {
        let hub = HubHarness()
        let error = #expect(throws: HubError.self) { try hub.hub.publish(Frame("x"), to: name) }
        #expect(error?.code == .badTopic)
    }

    @Test("one tick writes once to each client, whatever it gets")
    func writesOnce() throws {
        let hub = HubHarness()
        let client = hub.connect()
        try client.subscribe(news)
        try client.subscribe(sport)
        for _ in 0..<10 {
            client.publish("n", to: news)
            client.publish("s", to: sport)
            client.publish("all", to: .broadcast)
            try hub.hub.push(Frame("you"), to: client.id)
        }
        hub.tick()
        #expect(client.take().count == 40)
        #expect(client.transport.writes.count == 1)
    }

    @Test("a quiet tick writes nothing")
    func quiet() {
        let hub = HubHarness()
        let client = hub.connect()
        hub.tick()
        #expect(client.transport.writes.isEmpty)
    }

    @Test("the outbox gets every publication after its local delivery, and none that came from another node")
    func outbox() throws {
        let outbox = Outbox(shards: 2, Wakeup {})
        outbox.isAvailable = true
        let hub = HubHarness(shards: 2, outbox: outbox)
        let client = hub.connect()
        try client.subscribe(news)
        client.publish("one", to: news)
        hub.hub.broadcast(Frame("two"))
        try hub.hub.publish(.binary([3]), to: "sport")
        hub.hub.deliver(Publication(topic: news, opcode: 1, payload: Array("far".utf8), ingress: 0))
        hub.tick()
        #expect(outbox.takePublications() == [["news one"], [], ["broadcast two", "sport \u{3}"]])
        #expect(Set(client.takeTexts()) == ["one", "two", "far"])
    }
}
