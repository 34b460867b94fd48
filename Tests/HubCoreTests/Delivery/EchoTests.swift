// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// `echo: false`: a publisher does not get its own message, and everything else.
@Suite("Echo")
struct EchoTests {
    @Test("without echo the publisher misses its own message and nothing else", arguments: [1, 2])
    func ownOnly(shards: Int) throws {
        let news = try TopicName("news")
        let hub = HubHarness(shards: shards)
        let (first, second) = (hub.connect(to: 0), hub.connect(to: shards - 1))
        try first.subscribe(news)
        try second.subscribe(news)
        first.publish("1", to: news)
        first.publish("2", to: news, echo: false)
        second.publish("3", to: news, echo: false)
        first.publish("4", to: news)
        first.publish("5", to: news, echo: false)
        first.publish("6", to: news, echo: false)
        second.publish("7", to: news)
        hub.tick()
        #expect(Set(first.takeTexts()) == ["1", "3", "4", "7"])
        #expect(Set(second.takeTexts()) == ["1", "2", "4", "5", "6", "7"])
        hub.expectBalanced()
    }

    @Test("without echo in two topics of one tick the publisher gets neither back")
    func twoTopics() throws {
        let names = try (0..<5).map { try TopicName("topic\($0)") }
        let hub = HubHarness()
        let (publisher, other) = (hub.connect(), hub.connect())
        for name in names {
            try publisher.subscribe(name)
            try other.subscribe(name)
        }
        for name in names { publisher.publish("\(name)", to: name, echo: false) }
        hub.tick()
        #expect(publisher.takeTexts().isEmpty)
        #expect(other.takeTexts() == names.map(\.text))
        hub.expectBalanced()
    }

    @Test("a subscription that settles one topic keeps what another must not echo")
    func settledBetween() throws {
        let (news, sport) = (try TopicName("news"), try TopicName("sport"))
        let hub = HubHarness()
        let (publisher, newcomer) = (hub.connect(), hub.connect())
        try publisher.subscribe(news)
        try publisher.subscribe(sport)
        publisher.publish("n", to: news, echo: false)
        publisher.publish("s", to: sport, echo: false)
        try newcomer.subscribe(news)
        publisher.publish("n2", to: news, echo: false)
        hub.tick()
        #expect(publisher.takeTexts().isEmpty)
        #expect(newcomer.takeTexts() == ["n2"])
    }

    @Test("without echo a broadcast spares its sender")
    func broadcast() {
        let hub = HubHarness(shards: 2)
        let clients = (0..<4).map { hub.connect(to: $0 % 2) }
        clients[1].publish("all", to: .broadcast, echo: false)
        hub.tick()
        #expect(clients[1].take().isEmpty)
        for index in [0, 2, 3] { #expect(clients[index].take() == [.text("all")]) }
    }

    @Test("many publishers without echo in one tick each miss their own messages only")
    func many() throws {
        let news = try TopicName("news")
        let hub = HubHarness(settings: settings(messages: 1_000))
        let clients = (0..<10).map { _ in hub.connect() }
        for client in clients { try client.subscribe(news) }
        for number in 0..<300 { clients[number * 7 % 10].publish("\(number)", to: news, echo: number % 3 == 0) }
        hub.tick()
        for (index, client) in clients.enumerated() {
            let expected = (0..<300).filter { $0 * 7 % 10 != index || $0 % 3 == 0 }
            #expect(client.takeTexts() == expected.map { "\($0)" })
        }
        hub.expectBalanced()
    }

    @Test("a publisher that leaves in the same tick takes its exclusion with it")
    func leaver() throws {
        let news = try TopicName("news")
        let hub = HubHarness()
        let (publisher, other) = (hub.connect(), hub.connect())
        try publisher.subscribe(news)
        try other.subscribe(news)
        publisher.publish("last", to: news, echo: false)
        publisher.vanish()
        let successor = hub.connect()
        try successor.subscribe(news)
        other.publish("next", to: news)
        hub.tick()
        #expect(other.takeTexts() == ["last", "next"])
        #expect(successor.takeTexts() == ["next"])
        #expect(publisher.takeTexts().isEmpty)
        hub.expectBalanced()
    }
}
