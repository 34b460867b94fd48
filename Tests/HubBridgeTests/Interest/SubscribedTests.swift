// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubTesting
import HubWire
import Testing

@testable import HubBridge

/// When a client is told that it has subscribed, and what of other nodes.
@Suite("Subscriptions and the bus")
struct SubscribedTests {
    let harness = BridgeHarness()

    @Test("the answer waits until the server has confirmed the topic")
    func waits() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        client.askSubscribe()
        harness.settle()
        #expect(client.takeNews() == [])
        #expect(node.hub.snapshot().openAnswers == 1)
        harness.fail(.none)
        #expect(client.takeNews() == ["subscribed 1"])
        #expect(node.hub.snapshot().openAnswers == 0)
        #expect(node.hub.imbalance() == nil)
    }

    @Test("the answer comes at once where the topic was confirmed before, on every loop", arguments: [0, 1])
    func atOnce(shard: Int) {
        let node = harness.serve("a", shards: 2)
        node.hub.connect(to: 0).askSubscribe()
        harness.settle()
        harness.fail(.frozen)
        let client = node.hub.connect(to: shard)
        client.askSubscribe(id: 4)
        harness.settle()
        #expect(client.takeNews() == ["subscribed 4"])
    }

    @Test("subscribers of other loops wait for the same confirmation", arguments: [0, 1])
    func shared(shard: Int) {
        let node = harness.serve("a", shards: 2)
        harness.fail(.frozen)
        let clients = [node.hub.connect(to: 0), node.hub.connect(to: shard)]
        for client in clients {
            client.askSubscribe()
            harness.settle()
        }
        #expect(clients.allSatisfy { $0.takeNews() == [] })
        harness.fail(.none)
        #expect(clients.allSatisfy { $0.takeNews() == ["subscribed 1"] })
    }

    @Test("while the bus is down the answer comes at once and says so, and once it is back it is right again")
    func down() {
        let (a, b) = (harness.serve("a", shards: 2), harness.serve("b"))
        harness.fail(.down)
        let client = a.hub.connect(to: 0)
        client.askSubscribe()
        harness.settle()
        #expect(client.takeNews() == ["subscribed 1 unavailable"])
        harness.recover()
        let others = [a.hub.connect(to: 0), a.hub.connect(to: 1)]
        for other in others { other.askSubscribe() }
        harness.settle()
        #expect(others.allSatisfy { $0.takeNews() == ["subscribed 1"] })
        b.hub.connect().askPublish("7")
        harness.settle()
        #expect(client.takeNews() == ["7"])
    }

    @Test("a topic that was confirmed before is told as unavailable while the bus is down")
    func downAfterConfirmation() {
        let node = harness.serve("a", shards: 2)
        node.hub.connect(to: 0).askSubscribe()
        harness.settle()
        harness.fail(.down)
        for shard in 0...1 {
            let client = node.hub.connect(to: shard)
            client.askSubscribe()
            harness.settle()
            #expect(client.takeNews() == ["subscribed 1 unavailable"])
        }
    }

    @Test("after two seconds without a confirmation the answer says so; when it comes late, it counts")
    func late() {
        let node = harness.serve("a", shards: 2)
        harness.fail(.frozen)
        let client = node.hub.connect(to: 0)
        client.askSubscribe()
        harness.advance(.milliseconds(1_990))
        #expect(client.takeNews() == [])
        harness.advance(.milliseconds(20))
        #expect(client.takeNews() == ["subscribed 1 unavailable"])
        let second = node.hub.connect(to: 1)
        second.askSubscribe()
        harness.settle()
        #expect(second.takeNews() == ["subscribed 1 unavailable"])
        harness.fail(.none)
        second.askSubscribe(id: 2)
        harness.settle()
        #expect(second.takeNews() == ["subscribed 2"])
        #expect(client.takeNews() == [])
    }

    @Test("a topic that the server refuses is told as unavailable until there is another connection that takes it")
    func refused() {
        let node = harness.serve("a", shards: 2)
        harness.fail(.frozen)
        let client = node.hub.connect(to: 0)
        client.askSubscribe()
        harness.settle()
        #expect(client.takeNews() == [])
        node.bridge.link.interestRefused("topic/news".busTopic, "no rights")
        harness.settle()
        #expect(client.takeNews() == ["subscribed 1 unavailable"])
        // What is confirmed now is all else.
        harness.fail(.none)
        let second = node.hub.connect(to: 1)
        second.askSubscribe(id: 2)
        harness.settle()
        #expect(second.takeNews() == ["subscribed 2 unavailable"])
        harness.fail(.down)
        harness.recover()
        let third = node.hub.connect(to: 1)
        third.askSubscribe(id: 3)
        harness.settle()
        #expect(third.takeNews() == ["subscribed 3"])
        #expect(node.value("gohub_bus_redis_subscribe_errors_total") == 1)
        #expect(node.hub.imbalance() == nil)
    }

    @Test("a moment in which an answer is late does not make a topic available that was refused")
    func refusedBeforeDoubt() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        client.askSubscribe()
        harness.settle()
        node.bridge.link.interestRefused("topic/news".busTopic, "no rights")
        harness.fail(.none)
        #expect(client.takeNews() == ["subscribed 1 unavailable"])
        harness.fail(.frozen)
        client.askPublish("1", to: "other")
        harness.advance(.milliseconds(100))
        #expect(!node.bridge.board.isReady)
        harness.fail(.none)
        #expect(node.bridge.board.isReady)
        client.askSubscribe("other", id: 2)
        harness.settle()
        let second = node.hub.connect()
        second.askSubscribe(id: 3)
        harness.settle()
        #expect(second.takeNews() == ["subscribed 3 unavailable"])
        #expect(node.bus("disconnects_total", ["reason": "timeout"]) == 0)
    }

    @Test("a topic that is refused while the bus is not ready is asked for anew on the next connection")
    func refusedInDoubt() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        client.askPublish("1", to: "other")
        client.askSubscribe()
        harness.advance(.milliseconds(100))
        #expect(!node.bridge.board.isReady)
        node.bridge.link.interestRefused("topic/news".busTopic, "no rights")
        harness.fail(.down)
        harness.recover()
        let second = node.hub.connect()
        second.askSubscribe(id: 2)
        harness.settle()
        #expect(second.takeNews() == ["subscribed 2"])
    }

    @Test("a refusal that comes when nobody wants the topic any more leaves nothing behind")
    func refusedLate() throws {
        let node = harness.serve("a")
        let topic = try TopicName("news")
        let client = node.hub.connect()
        client.askSubscribe()
        harness.settle()
        client.askUnsubscribe()
        harness.advance(.seconds(2))
        #expect(!node.bridge.link.interest.contains(BusTopic(topic)))
        node.bridge.link.interestRefused(BusTopic(topic), "no rights")
        #expect(!node.bridge.interest.isUnconfirmed(topic))
    }

    @Test("who waits for the server is answered at once when the bus is lost")
    func lostMeanwhile() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        client.askSubscribe()
        harness.settle()
        harness.fail(.down)
        #expect(client.takeNews() == ["subscribed 1 unavailable"])
    }

    @Test("subscribed and unsubscribed of one topic keep the order of their requests")
    func order() {
        let node = harness.serve("a")
        let client = node.hub.connect()
        harness.fail(.frozen)
        client.askSubscribe(id: 1)
        client.askUnsubscribe(id: 2)
        client.askSubscribe(id: 3)
        client.askSubscribe(id: 4)
        client.askUnsubscribe(id: 5)
        client.askSubscribe(id: 6)
        harness.settle()
        harness.fail(.none)
        #expect(
            client.takeNews() == [
                "subscribed 1 unavailable", "unsubscribed 2", "subscribed 3 unavailable", "subscribed 4 unavailable",
                "unsubscribed 5", "subscribed 6",
            ]
        )
        #expect(node.hub.snapshot().openAnswers == 0)
    }

    @Test("a client that goes while it waits leaves nothing behind, and the others are answered")
    func goneMeanwhile() {
        let node = harness.serve("a")
        let clients = (0..<10).map { _ in node.hub.connect() }
        harness.fail(.frozen)
        for client in clients { client.askSubscribe() }
        for client in clients.prefix(5) { client.vanish() }
        harness.settle()
        harness.fail(.none)
        #expect(clients.suffix(5).allSatisfy { $0.takeNews() == ["subscribed 1"] })
        #expect(node.hub.snapshot().openAnswers == 0)
        node.hub.disconnectAll()
        #expect(node.hub.leftovers() == nil)
        #expect(node.hub.imbalance() == nil)
    }

    @Test("a thousand topics that were asked for while the bus was down are all confirmed at its return")
    func thousand() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let before = a.bus("subscriptions", ["state": "confirmed"])
        harness.fail(.down)
        let client = a.hub.connect()
        for number in 0..<1_000 { client.askSubscribe("t\(number)", id: number) }
        harness.settle()
        #expect(client.takeNews() == (0..<1_000).map { "subscribed \($0) unavailable" })
        harness.recover()
        #expect(a.bus("subscriptions", ["state": "confirmed"]) == before + 1_000)
        #expect(a.bus("subscriptions", ["state": "desired"]) == before + 1_000)
        let (other, publisher) = (a.hub.connect(), b.hub.connect())
        for number in 0..<1_000 {
            other.askSubscribe("t\(number)", id: number)
            publisher.askPublish("\(number)", to: "t\(number)")
        }
        harness.settle()
        #expect(other.takeNews().filter { $0.hasPrefix("subscribed") } == (0..<1_000).map { "subscribed \($0)" })
        #expect(client.takeNews() == (0..<1_000).map { "\($0)" })
    }

    @Test(
        "a topic left and wanted again while the server did not answer is right again once it does, without a new connection"
    )
    func doubt() {
        let node = harness.serve("a")
        let (client, publisher) = (node.hub.connect(), node.hub.connect())
        client.askSubscribe()
        harness.settle()
        harness.fail(.frozen)
        publisher.askPublish("1", to: "other")
        harness.advance(.milliseconds(1_500))
        #expect(!node.outbox.isAvailable)
        client.askUnsubscribe(id: 2)
        client.askSubscribe(id: 3)
        harness.settle()
        #expect(client.takeNews() == ["subscribed 1", "unsubscribed 2", "subscribed 3 unavailable"])
        harness.fail(.none)
        #expect(node.outbox.isAvailable)
        client.askSubscribe(id: 4)
        harness.settle()
        #expect(client.takeNews() == ["subscribed 4"])
        #expect(node.bus("reconnects_total") == 0)
    }
}
