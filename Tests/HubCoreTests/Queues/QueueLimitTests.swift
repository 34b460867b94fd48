// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// Rule 4: how much waits for a client, and what becomes of the rest.
@Suite("Queue limits")
struct QueueLimitTests {
    @Test("10 000 messages in one tick to a healthy client all arrive", arguments: SlowClientPolicy.allCases)
    func burst(policy: SlowClientPolicy) throws {
        let hub = HubHarness(shards: 2, settings: settings(policy: policy))
        let (publisher, local, remote) = (hub.connect(), hub.connect(), hub.connect(to: 1))
        let news = try TopicName("news")
        try local.subscribe(news)
        try remote.subscribe(news)
        for number in 0..<10_000 { publisher.publish("\(number)", to: news) }
        hub.tick()
        let expected = (0..<10_000).map { "\($0)" }
        #expect(local.takeTexts() == expected)
        #expect(remote.takeTexts() == expected)
        #expect(hub.snapshot().slowDrops == 0)
        #expect(hub.snapshot().slowDisconnects == 0)
        hub.expectBalanced()
    }

    @Test("10 000 messages of 1 KiB in one tick to a healthy client all arrive, above the byte limit")
    func burstOfBytes() throws {
        let hub = HubHarness(settings: settings(bytes: 5_000))
        let client = hub.connect()
        let padding = String(repeating: "x", count: 1_000)
        for number in 0..<10_000 { client.publish("\(number) \(padding)", to: .broadcast) }
        hub.tick()
        #expect(client.takeTexts() == (0..<10_000).map { "\($0) \(padding)" })
        hub.expectBalanced()
    }

    @Test("10 000 answers in one tick to a healthy client all arrive")
    func burstOfReplies() {
        let hub = HubHarness(settings: settings(messages: 10))
        let client = hub.connect()
        for number in 0..<10_000 { client.send(#"{"message_id":\#(number),"message_type":"ping"}"#) }
        hub.tick()
        #expect(client.takeTexts() == (0..<10_000).map { hubMessage($0, "pong", "null") })
        hub.expectBalanced()
    }

    @Test("a blocked client's queue holds its limit of messages and not one more", arguments: SlowClientPolicy.allCases)
    func messages(policy: SlowClientPolicy) {
        let hub = HubHarness(settings: settings(messages: 10, policy: policy))
        let client = hub.connect()
        client.block()
        for number in 0..<10 { hub.hub.broadcast(Frame("\(number)")) }
        hub.tick()
        #expect(hub.snapshot().queuedMessages == 10)
        #expect(client.transport.closings.isEmpty)
        hub.hub.broadcast(Frame("one more"))
        hub.tick()
        let snapshot = hub.snapshot()
        #expect(snapshot.ledger.dropped(.broadcast, .queueMessages) == 1)
        #expect(snapshot.ledger.dropped(.broadcast, .queueBytes) == 0)
        #expect(snapshot.slowDrops == (policy == .disconnect ? 0 : 1))
        #expect(snapshot.slowDisconnects == (policy == .disconnect ? 1 : 0))
        #expect(client.transport.closings == (policy == .disconnect ? [.slow] : []))
        client.unblock()
        let expected: [ReceivedFrame] =
            switch policy {
            case .disconnect: [.close(1013, "too slow, try again later")]
            case .dropNewest: (0..<10).map { .text("\($0)") }
            case .dropOldest: (1..<10).map { .text("\($0)") } + [.text("one more")]
            }
        #expect(client.take() == expected)
        hub.expectBalanced()
    }

    @Test("a blocked client's queue holds its limit of bytes and not one more", arguments: SlowClientPolicy.allCases)
    func bytes(policy: SlowClientPolicy) {
        let hub = HubHarness(settings: settings(bytes: 100, policy: policy))
        let client = hub.connect()
        client.block()
        for letter in "abcd" as String { hub.hub.broadcast(Frame(textOfFrame(letter, byteCount: 25))) }
        hub.tick()
        #expect(hub.snapshot().queuedBytes == 100)
        hub.hub.broadcast(Frame(""))
        hub.tick()
        let snapshot = hub.snapshot()
        #expect(snapshot.ledger.dropped(.broadcast, .queueBytes) == 1)
        #expect(snapshot.ledger.dropped(.broadcast, .queueMessages) == 0)
        #expect(client.transport.closings == (policy == .disconnect ? [.slow] : []))
        client.unblock()
        let letters = client.takeTexts().map { $0.first.map(String.init) ?? "" }
        switch policy {
        case .disconnect: #expect(letters.isEmpty)
        case .dropNewest: #expect(letters == ["a", "b", "c", "d"])
        case .dropOldest: #expect(letters == ["b", "c", "d", ""])
        }
        hub.expectBalanced()
    }

    @Test("drop_newest drops what does not fit, and still takes a smaller one behind it", arguments: [true, false])
    func smallerBehind(oneTick: Bool) {
        let hub = HubHarness(settings: settings(bytes: 100, policy: .dropNewest))
        let client = hub.connect()
        client.block()
        for (letter, count) in zip("abcd", [60, 50, 30, 20]) {
            hub.hub.broadcast(Frame(textOfFrame(letter, byteCount: count)))
            if !oneTick { hub.tick() }
        }
        hub.tick()
        client.unblock()
        #expect(client.takeTexts().map { $0.prefix(1) } == ["a", "c"])
        #expect(hub.snapshot().slowDrops == 2)
        hub.expectBalanced()
    }

    @Test("a message larger than the byte limit is let into an empty queue, by whatever way it comes")
    func larger() throws {
        let large = String(repeating: "x", count: 5_000)
        for policy in SlowClientPolicy.allCases {
            for way in ["topic", "push", "reply"] {
                let hub = HubHarness(settings: settings(bytes: 1_000, policy: policy))
                let client = hub.connect()
                client.block()
                let note: Comment = "\(policy), \(way)"
                switch way {
                case "topic": hub.hub.broadcast(Frame(large))
                case "push": try hub.hub.push(Frame(large), to: client.id)
                default: client.send(#"{"message_type":"ping","data":"\#(large)"}"#)
                }
                hub.tick()
                #expect(hub.snapshot().queuedMessages == 1, note)
                client.unblock()
                #expect(client.takeTexts().map { $0.contains(large) } == [true], note)
                hub.expectBalanced()
            }
        }
    }

    @Test(
        "a slow client leaves in the midst of a fan-out, and the others get everything once",
        arguments: [1, 2, 7, 50]
    )
    func leavesAmidFanOut(every: Int) throws {
        let hub = HubHarness(settings: settings(messages: 8))
        let news = try TopicName("news")
        let clients = (0..<100).map { _ in hub.connect() }
        for client in clients { try client.subscribe(news) }
        for (index, client) in clients.enumerated() where index % every == 0 { client.block(after: index) }
        for number in 0..<40 { clients[1].publish("\(number)", to: news) }
        clients[1].publish("all", to: .broadcast)
        hub.tick()
        let expected = (0..<40).map { "\($0)" }
        for (index, client) in clients.enumerated() {
            if index % every == 0 {
                #expect(client.transport.closings == [.slow])
            } else {
                #expect(Set(client.takeTexts()) == Set(expected + ["all"]))
                #expect(client.transport.frames.count == 41)
            }
        }
        #expect(hub.snapshot().registered == 100 - (0..<100).count { $0 % every == 0 })
        #expect(hub.snapshot().slowDisconnects == (0..<100).count { $0 % every == 0 })
        hub.expectBalanced()
        hub.expectEmptyAfterAllLeft()
    }

    @Test("a slow client that is thrown out frees its queue at once, but for the frame on the wire")
    func freed() {
        let hub = HubHarness(settings: settings(messages: 4))
        let client = hub.connect()
        client.block(after: 5)
        for letter in "abcd" as String { hub.hub.broadcast(Frame(textOfFrame(letter, byteCount: 10))) }
        hub.tick()
        #expect(hub.snapshot().queuedBytes == 35)
        hub.hub.broadcast(Frame("over"))
        hub.tick()
        let close = 2 + 2 + CloseReason.slow.text.utf8.count
        #expect(hub.snapshot().queuedMessages == 1)
        #expect(hub.snapshot().queuedBytes == 5 + close)
        #expect(hub.snapshot().ledger.dropped(.broadcast, .closed) == 3)
        client.unblock()
        #expect(client.take() == [.text("aaaaaaaa"), .close(1013, CloseReason.slow.text)])
        #expect(client.client.isFlushed)
        hub.expectBalanced()
    }

    @Test("a blocked socket is not written to until it takes bytes again")
    func blocked() {
        let hub = HubHarness()
        let client = hub.connect()
        client.block(after: 3)
        hub.hub.broadcast(Frame("first"))
        hub.tick()
        #expect(client.client.isWaiting)
        for _ in 0..<5 {
            hub.hub.broadcast(Frame("more"))
            hub.tick()
        }
        #expect(client.transport.writes.count == 1)
        #expect(hub.snapshot().blockedWrites == 1)
        client.unblock()
        #expect(client.takeTexts() == ["first", "more", "more", "more", "more", "more"])
        #expect(!client.client.isWaiting)
        #expect(client.client.isFlushed)
        hub.expectBalanced()
    }

    @Test("the time of the last progress is that of the last byte taken")
    func progress() {
        let hub = HubHarness()
        let client = hub.connect()
        client.block(after: 3)
        hub.clock.advance(by: .seconds(1))
        hub.hub.broadcast(Frame("first"))
        hub.tick()
        let began = hub.now
        #expect(client.client.lastProgress == began)
        hub.clock.advance(by: .seconds(5))
        hub.hub.broadcast(Frame("second"))
        hub.tick()
        client.unblock(0)
        hub.tick()
        #expect(client.client.lastProgress == began)
        client.unblock(1)
        #expect(client.client.lastProgress == hub.now)
    }

    @Test("answers that wait for a blocked client are not lost among those of later ticks")
    func answersWait() {
        let hub = HubHarness()
        let (blocked, other) = (hub.connect(), hub.connect())
        blocked.block(after: 20)
        for number in 0..<50 {
            for client in [blocked, other] {
                client.send(#"{"message_id":\#(number),"message_type":"ping","data":\#(number)}"#)
            }
            if number % 3 == 0 { hub.tick() }
        }
        hub.tick()
        blocked.unblock(30)
        blocked.send(#"{"message_id":50,"message_type":"ping","data":50}"#)
        hub.tick()
        blocked.unblock()
        let expected = (0..<51).map { hubMessage($0, "pong", "\($0)") }
        #expect(blocked.takeTexts() == expected)
        #expect(other.takeTexts() == Array(expected[..<50]))
        hub.expectBalanced()
    }

    @Test("from three quarters of either limit on a client counts as slow")
    func slow() {
        let hub = HubHarness(settings: settings(messages: 8, bytes: 100))
        let (byCount, byBytes) = (hub.connect(), hub.connect())
        byCount.block()
        byBytes.block()
        for _ in 0..<5 { hub.hub.broadcast(Frame("")) }
        hub.tick()
        #expect(hub.snapshot().slowClients == 0)
        byBytes.unblock()
        byBytes.block()
        hub.hub.broadcast(Frame(""))
        hub.tick()
        #expect(hub.snapshot().slowClients == 1)
        byCount.vanish()
        hub.hub.broadcast(Frame(textOfFrame("a", byteCount: 72)))
        hub.tick()
        #expect(hub.snapshot().slowClients == 0)
        hub.hub.broadcast(Frame(""))
        hub.tick()
        #expect(hub.snapshot().slowClients == 1)
        #expect(hub.snapshot().largestQueueBytes == 76)
        byBytes.unblock()
        #expect(hub.snapshot().slowClients == 0)
        hub.expectBalanced()
    }

    @Test("limits below one count as one", arguments: [0, -1, Int.min])
    func floor(value: Int) {
        #expect(QueueLimits(messages: value, bytes: value) == QueueLimits(messages: 1, bytes: 1))
    }
}
