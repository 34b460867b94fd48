// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics
import HubTesting
import HubWire
import Testing

/// The numbers that a shard keeps.
@Suite("Counters")
struct CountersTests {
    @Test("commands are counted by kind, with their bytes and times")
    func commands() {
        let hub = HubHarness()
        let client = hub.connect()
        let sent: [(CommandKind, String)] = [
            (.ping, #"{"message_type":"ping"}"#),
            (.ping, #"{"message_type":"ping","data":1}"#),
            (.subscribe, #"{"message_type":"subscribe","data":{"topic":"t"}}"#),
            (.unsubscribe, #"{"message_type":"unsubscribe","data":{"topic":"t"}}"#),
            (.publish, #"{"message_type":"publish","data":{"topic":"t","payload":1}}"#),
            (.broadcast, #"{"message_type":"broadcast","data":{"payload":1}}"#),
            (.unicast, #"{"message_type":"unicast","data":{"client_id":"\#(client.id)","payload":1}}"#),
            (.invalid, "{"),
            (.invalid, #"{"message_type":"dance"}"#),
        ]
        for (_, text) in sent { client.send(text) }
        client.send([1, 97, 0])
        hub.tick()
        let totals = hub.snapshot().commands
        for kind in CommandKind.allCases {
            let texts = sent.filter { $0.0 == kind }.map(\.1.utf8.count)
            let (count, bytes) = kind == .binary ? (1, 3) : (texts.count, texts.reduce(0, +))
            #expect(totals.received(kind) == UInt64(count), "\(kind)")
            #expect(totals.bytes(kind) == UInt64(bytes), "\(kind)")
            #expect(totals.durations(kind).count == UInt64(count), "\(kind)")
        }
        #expect(totals.sizes.count == 10)
        #expect(totals.errors(.invalid, .badMessage) == 1)
        #expect(totals.errors(.invalid, .unknownType) == 1)
        #expect(hub.snapshot().publishes[Int(DeliveryScope.topic.rawValue)] == 2)
        #expect(hub.snapshot().publishes[Int(DeliveryScope.broadcast.rawValue)] == 1)
        #expect(hub.snapshot().publishes[Int(DeliveryScope.client.rawValue)] == 1)
        #expect(hub.snapshot().publishes[Int(DeliveryScope.reply.rawValue)] == 0)
        hub.expectBalanced()
    }

    @Test("subscriptions are counted as they come, populations as they are")
    func subscriptions() throws {
        let hub = HubHarness(shards: 2)
        let clients = (0..<6).map { hub.connect(to: $0 % 2) }
        let (news, sport) = (try TopicName("news"), try TopicName("sport"))
        for client in clients { try client.subscribe(news) }
        for client in clients[..<3] { try client.subscribe(sport) }
        clients[0].unsubscribe(news)
        clients[1].vanish()
        let snapshot = hub.snapshot()
        #expect(snapshot.subscribes == 9)
        #expect(snapshot.unsubscribes == 1)
        #expect(snapshot.subscriptions == 6)
        // Each shard has its own part of a topic.
        #expect(snapshot.topics == 3)
        #expect(snapshot.largestTopic == 2)
        #expect(snapshot.registered == 5)
        #expect(snapshot.attached == 5)
    }

    @Test("the books go by scope: broadcast, topic, client, reply")
    func scopes() throws {
        let hub = HubHarness()
        let clients = (0..<3).map { _ in hub.connect() }
        let news = try TopicName("news")
        for client in clients[..<2] { try client.subscribe(news) }
        for _ in 0..<5 { clients[2].publish("n", to: news) }
        for _ in 0..<7 { hub.hub.broadcast(Frame("b")) }
        for _ in 0..<4 { try hub.hub.push(Frame("p"), to: clients[0].id) }
        clients[1].send(#"{"message_type":"ping"}"#)
        [UInt8]().withUnsafeBytes { clients[1].shard.control(9, $0, to: clients[1].client) }
        hub.tick()
        let ledger = hub.snapshot().ledger
        for (scope, count) in [(DeliveryScope.broadcast, 21), (.topic, 10), (.client, 4), (.reply, 1)] {
            #expect(ledger.enqueued(scope) == UInt64(count))
            #expect(ledger.written(scope) == UInt64(count))
            for reason in DropReason.allCases { #expect(ledger.dropped(scope, reason) == 0) }
        }
        #expect(hub.snapshot().sentSizes.count == 36)
        hub.expectBalanced()
    }

    @Test(
        "each drop is booked under its scope and reason",
        arguments: [DropReason.queueMessages, .queueBytes, .closed, .writeError]
    )
    func drops(reason: DropReason) throws {
        let limits =
            reason == .queueBytes ? settings(bytes: 6, policy: .dropNewest) : settings(messages: 2, policy: .dropNewest)
        let hub = HubHarness(settings: limits)
        let client = hub.connect()
        try client.subscribe(TopicName("news"))
        client.block()
        hub.hub.broadcast(Frame("b"))
        client.publish("n", to: try TopicName("news"))
        hub.tick()
        switch reason {
        case .queueMessages, .queueBytes:
            hub.hub.broadcast(Frame("b2"))
            client.publish("n2", to: try TopicName("news"))
            client.send("{")
            hub.tick()
        case .closed: client.vanish()
        case .writeError:
            client.transport.isBroken = true
            client.unblock()
            hub.tick()
        }
        let ledger = hub.snapshot().ledger
        for scope in DeliveryScope.allCases {
            for other in DropReason.allCases {
                let hit = other == reason && (scope == .broadcast || scope == .topic)
                let reply = other == reason && scope == .reply && (reason == .queueMessages || reason == .queueBytes)
                #expect(ledger.dropped(scope, other) == (hit || reply ? 1 : 0), "\(scope) \(other)")
            }
        }
        hub.expectBalanced()
    }

    @Test("latency is counted once a delivery, from the message's entry to its last byte")
    func latency() {
        let hub = HubHarness()
        let clients = (0..<3).map { _ in hub.connect() }
        clients[1].block()
        let entered = hub.now
        clients[0].send(#"{"message_type":"broadcast","data":{"payload":1}}"#, ingress: entered)
        hub.clock.advance(by: .milliseconds(20))
        hub.tick()
        // Two messages and one answer after 20 ms.
        #expect(hub.snapshot().totalLatency.count == 3)
        #expect(hub.snapshot().totalLatency.sum == 3 * 20_000_000)
        #expect(hub.snapshot().fanOutLatency.count == 1)
        #expect(hub.snapshot().fanOutLatency.sum == 20_000_000)
        hub.clock.advance(by: .milliseconds(80))
        clients[1].unblock()
        #expect(hub.snapshot().totalLatency.count == 4)
        #expect(hub.snapshot().totalLatency.sum == 3 * 20_000_000 + 100_000_000)
    }

    @Test("receivers are counted once a message")
    func recipients() throws {
        let hub = HubHarness()
        let clients = (0..<3).map { _ in hub.connect() }
        let news = try TopicName("news")
        for client in clients[..<2] { try client.subscribe(news) }
        for _ in 0..<4 { clients[2].publish("n", to: news) }
        hub.hub.broadcast(Frame("b"))
        hub.tick()
        let snapshot = hub.snapshot()
        #expect((snapshot.topicRecipients.count, snapshot.topicRecipients.sum) == (4, 8))
        #expect((snapshot.broadcastRecipients.count, snapshot.broadcastRecipients.sum) == (1, 3))
    }

    @Test("writes, bytes and messages a write are those of the sockets")
    func writes() {
        let hub = HubHarness()
        let clients = (0..<3).map { _ in hub.connect() }
        clients[2].block(after: 4)
        for _ in 0..<10 { hub.hub.broadcast(Frame("abcd")) }
        hub.tick()
        let snapshot = hub.snapshot()
        #expect(snapshot.writes == 3)
        #expect(snapshot.blockedWrites == 1)
        #expect(snapshot.bytesWritten == 124)
        #expect(snapshot.queuedBytes == 56)
        #expect((snapshot.writeBatch.count, snapshot.writeBatch.sum) == (3, 20))
        hub.expectBalanced()
    }
}
