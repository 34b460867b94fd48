// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubTesting
import HubWire
import Testing

@testable import HubBridge

/// When a node gives up a topic that nobody wants.
@Suite("The end of an interest")
struct UnsubscribeTests {
    let harness = BridgeHarness()
    let topic: BusTopic

    init() throws { topic = BusTopic(try TopicName("news")) }

    @Test(
        "there is one remote subscription however many clients and loops, and it ends a second after the last has left"
    )
    func afterASecond() {
        let node = harness.serve("a", shards: 2)
        let before = node.bus("subscriptions", ["state": "desired"])
        let clients = [node.hub.connect(to: 0), node.hub.connect(to: 1), node.hub.connect(to: 1)]
        for client in clients { client.askSubscribe() }
        harness.settle()
        #expect(node.bus("subscriptions", ["state": "desired"]) == before + 1)
        clients[0].askUnsubscribe()
        clients[1].vanish()
        harness.advance(.seconds(2))
        #expect(harness.broker.isWanted(topic))
        clients[2].askUnsubscribe()
        harness.settle()
        harness.advance(.milliseconds(990))
        #expect(harness.broker.isWanted(topic))
        harness.advance(.milliseconds(20))
        #expect(!harness.broker.isWanted(topic))
        #expect(node.bus("subscriptions", ["state": "confirmed"]) == before)
    }

    @Test("a topic that is wanted again within the second stays, and its subscriber is answered at once")
    func again() {
        let node = harness.serve("a", shards: 2)
        let (client, other) = (node.hub.connect(to: 0), node.hub.connect(to: 1))
        client.askSubscribe()
        harness.settle()
        client.vanish()
        harness.advance(.milliseconds(900))
        harness.fail(.frozen)
        other.askSubscribe()
        harness.settle()
        #expect(other.takeNews() == ["subscribed 1"])
        harness.fail(.none)
        harness.advance(.seconds(3))
        #expect(harness.broker.isWanted(topic))
        other.askUnsubscribe()
        harness.advance(.milliseconds(2_100))
        #expect(!harness.broker.isWanted(topic))
    }

    @Test(
        "topics that come and go while the bus is down are not gathered, and those that are left are wanted at its return"
    )
    func outage() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.down)
        for round in 0..<50 {
            client.askSubscribe("t\(round)")
            client.askSubscribe()
            harness.advance(.milliseconds(20))
            client.askUnsubscribe("t\(round)")
            if round % 2 == 0 { client.askUnsubscribe() }
            harness.advance(.milliseconds(1_100))
        }
        #expect(node.bridge.interest.heldCount < 110)
        #expect(node.bridge.link.interest.count == 5)
        harness.recover()
        #expect(harness.broker.isWanted(topic))
        #expect(node.bus("subscriptions", ["state": "confirmed"]) == 5)
    }

    @Test("a long outage with topics that come and go does not let the books grow")
    func bounded() throws {
        var interest = TopicInterest()
        let name = try TopicName("news")
        for generation in 1...100_000 as ClosedRange<UInt64> {
            interest.noteLate(name, generation)
            interest.forget(name)
        }
        #expect(interest.heldCount <= 1_025)
        interest.noteLate(name, 200_000)
        #expect(interest.confirm(199_999) == [])
        #expect(interest.confirm(200_000) == [name])
        #expect(!interest.isUnconfirmed(name))
    }

    @Test("a topic that was given up and asked for again is confirmed by the second request, not by the first")
    func secondRequest() throws {
        var interest = TopicInterest()
        let name = try TopicName("news")
        interest.await(name, 1, until: 100)
        interest.leave(name, at: 50)
        #expect(interest.takeLeft(60, atMost: 10) == [name])
        interest.forget(name)
        interest.await(name, 3, until: 200)
        #expect(interest.confirm(2) == [])
        #expect(interest.takeLate(at: 150) == [])
        #expect(interest.isAwaited(name))
        #expect(interest.takeLate(at: 200) == [name])
        #expect(interest.isLate(name))
        #expect(interest.confirm(3) == [name])
    }

    @Test("many topics that come or go together are dealt with in parts")
    func parts() throws {
        let harness = BridgeHarness()
        var settings = HubSettings()
        settings.maxSubscriptionsPerClient = 5000
        let node = harness.serve("a", hub: settings)
        let client = node.hub.connect()
        let own = node.bridge.link.interest.count
        for number in 0..<5000 { try client.subscribe(try TopicName("t\(number)")) }
        var counts = [own]
        while counts.last != own + 5000, counts.count < 10 {
            _ = node.bridge.tick()
            counts.append(node.bridge.link.interest.count)
        }
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $1 - $0 <= Bridge.interestsAtOnce })
        #expect(counts.last == own + 5000)
        client.vanish()
        harness.advance(.milliseconds(500))
        harness.clock.advance(by: .seconds(1))
        counts = [own + 5000]
        while counts.last != own, counts.count < 10 {
            _ = node.bridge.tick()
            counts.append(node.bridge.link.interest.count)
        }
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 - $1 <= Bridge.interestsAtOnce })
        #expect(counts.last == own)
    }
}
