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
        let (broadcast, reply) = (Int(DeliveryScope.broadcast.rawValue), Int(DeliveryScope.reply.rawValue))
        #expect(hub.snapshot().totalLatency[broadcast].count == 2)
        #expect(hub.snapshot().totalLatency[broadcast].sum == 2 * 20_000_000)
        #expect(hub.snapshot().totalLatency[reply].count == 1)
        #expect(hub.snapshot().totalLatency[reply].sum == 20_000_000)
        #expect(hub.snapshot().broadcastLatency.count == 1)
        #expect(hub.snapshot().broadcastLatency.sum == 20_000_000)
        #expect(hub.snapshot().topicLatency.count == 0)
        hub.clock.advance(by: .milliseconds(80))
        #expect(hub.snapshot().oldestWait == 100_000_000)
        clients[1].unblock()
        #expect(hub.snapshot().oldestWait == 0)
        #expect(hub.snapshot().totalLatency[broadcast].count == 3)
        #expect(hub.snapshot().totalLatency[broadcast].sum == 2 * 20_000_000 + 100_000_000)
    }

    @Test("a ping that waits is no delivery that waits")
    func oldestIsNoPing() {
        let hub = HubHarness()
        let client = hub.connect()
        client.block()
        [UInt8]().withUnsafeBytes { client.shard.control(9, $0, to: client.client) }
        hub.tick()
        hub.clock.advance(by: .seconds(1))
        #expect(hub.snapshot().oldestWait == 0)
        client.send(#"{"message_type":"ping"}"#, ingress: hub.now)
        hub.tick()
        hub.clock.advance(by: .seconds(2))
        #expect(hub.snapshot().oldestWait == 2_000_000_000)
    }

    @Test("a publication that nobody received is counted once, however many loops looked", arguments: [1, 2, 3])
    func unreceived(shards: Int) throws {
        let hub = HubHarness(shards: shards)
        let publisher = hub.connect(to: 0)
        let others = (0..<shards).map { hub.connect(to: $0) }
        func publish(_ topic: String, echo: Bool = true) {
            publisher.send(
                #"{"message_type":"publish","data":{"topic":"\#(topic)","payload":1,"echo":\#(echo)}}"#
            )
            hub.tick()
        }
        publish("a")
        #expect(hub.snapshot().unreceived == 1)
        try others[shards - 1].subscribe(TopicName("a"))
        publish("a")
        publish("a", echo: false)
        #expect(hub.snapshot().unreceived == 1)
        // The publisher alone, who wants no echo, is nobody.
        try publisher.subscribe(TopicName("own"))
        publish("own")
        #expect(hub.snapshot().unreceived == 1)
        publish("own", echo: false)
        #expect(hub.snapshot().unreceived == 2)
        hub.hub.broadcast(Frame("b"))
        try hub.hub.publish(Frame("t"), to: "nobody")
        hub.tick()
        #expect(hub.snapshot().unreceived == 2)
        hub.expectBalanced()
    }

    @Test("what the kernel still holds is asked of 256 connections at a time, others each time, and scaled up")
    func unsent() {
        let hub = HubHarness()
        let clients = (0..<300).map { _ in hub.connect() }
        for client in clients[..<256] { client.transport.unsentBytes = 10 }
        for client in clients[256...] { client.transport.unsentBytes = 40 }
        let first = hub.snapshot()
        #expect((first.unsentBytes, first.unsentLargestBytes) == (3000, 10))
        // The other 44, then the first 212 again.
        let second = hub.snapshot()
        #expect((second.unsentBytes, second.unsentLargestBytes) == (UInt64((44 * 40 + 212 * 10) * 300 / 256), 40))
        for client in clients[1...] { client.vanish() }
        clients[0].transport.unsentBytes = 7
        #expect(hub.snapshot().unsentBytes == 7)
        clients[0].vanish()
        #expect(hub.snapshot().unsentBytes == 0)
    }

    @Test("receivers are counted once a message, without a publisher who wants no echo")
    func recipients() throws {
        let hub = HubHarness()
        let clients = (0..<3).map { _ in hub.connect() }
        let news = try TopicName("news")
        for client in clients[..<2] { try client.subscribe(news) }
        for _ in 0..<4 { clients[2].publish("n", to: news) }
        hub.hub.broadcast(Frame("b"))
        for publisher in [clients[0], clients[2]] {
            publisher.send(#"{"message_type":"publish","data":{"topic":"news","payload":1,"echo":false}}"#)
        }
        clients[0].send(#"{"message_type":"publish","data":{"topic":"broadcast","payload":1,"echo":false}}"#)
        hub.tick()
        let snapshot = hub.snapshot()
        #expect((snapshot.topicRecipients.count, snapshot.topicRecipients.sum) == (6, 8 + 1 + 2))
        #expect((snapshot.broadcastRecipients.count, snapshot.broadcastRecipients.sum) == (2, 3 + 2))
        #expect(snapshot.ledger.enqueued(.topic) == 11)
        #expect(snapshot.ledger.enqueued(.broadcast) == 5)
        hub.expectBalanced()
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
        #expect((snapshot.writeBatch.count, snapshot.writeBatch.sum) == (2, 20))
        #expect(snapshot.bytesWrittenByScope[Int(DeliveryScope.broadcast.rawValue)] == 124)
        [UInt8]().withUnsafeBytes { clients[0].shard.control(9, $0, to: clients[0].client) }
        clients[1].send(#"{"message_type":"ping"}"#)
        hub.tick()
        let later = hub.snapshot()
        // A ping finishes no delivery; its bytes count as those of replies.
        #expect((later.writeBatch.count, later.writeBatch.sum) == (3, 21))
        #expect(later.writes == 5)
        let pong = clients[1].transport.bytes.count - 60
        #expect(later.bytesWrittenByScope[Int(DeliveryScope.reply.rawValue)] == UInt64(2 + pong))
        #expect(later.bytesWritten == UInt64(126 + pong))
        hub.expectBalanced()
    }
}
