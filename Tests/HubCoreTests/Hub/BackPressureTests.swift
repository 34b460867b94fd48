// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubCore

/// Who publishes faster than messages can be taken on is not read, and holds up nobody else.
@Suite("Back-pressure")
struct BackPressureTests {
    private static let topic = "t"

    /// A hub of two shards: one publishes, the other has the subscribers.
    private func hub(subscribers: Int = 3) throws -> (HubHarness, publisher: FakeClient, subscribers: [FakeClient]) {
        let hub = HubHarness(shards: 2)
        let publisher = hub.connect(to: 0)
        let clients = (0..<subscribers).map { _ in hub.connect(to: 1) }
        for client in clients { try client.subscribe(TopicName(Self.topic)) }
        hub.tick()
        return (hub, publisher, clients)
    }

    @Test(
        "a publisher is not read from the moment on when another loop's inbox is full",
        arguments: [8, 1_000, 100_000]
    )
    func pausesAtTheLimit(byteCount: Int) throws {
        let (hub, publisher, subscribers) = try hub()
        let text = String(repeating: "x", count: byteCount)
        var published = 0
        while !publisher.transport.isPaused, published < 100_000 {
            publisher.publish(text, to: try TopicName(Self.topic))
            published += 1
            hub.tick(0)
        }
        #expect(publisher.transport.isPaused)
        let held = hub.snapshot().inboxBytes
        #expect(held >= MailboxLimits.inbox.bytes || published == MailboxLimits.inbox.commands)
        #expect(held < MailboxLimits.inbox.bytes + byteCount + 1_000)
        #expect(published <= MailboxLimits.inbox.commands)
        #expect(hub.snapshot().largestInboxBytes == held)
        #expect(hub.snapshot().pausedClients == 1)
        #expect(hub.snapshot().pauses[Int(PauseReason.inbox.rawValue)] == 1)
        // Nothing of it is lost, and the publisher goes on once the other loop has taken it in.
        hub.tick()
        #expect(!publisher.transport.isPaused)
        #expect(hub.snapshot().pausedClients == 0)
        #expect(hub.snapshot().inboxBytes == 0)
        #expect(subscribers.allSatisfy { $0.takeTexts().count == published })
        hub.expectBalanced()
    }

    /// A hub whose second shard has subscribers that take 10 µs a write each.
    private func slowHub(subscribers: Int, settings: HubSettings = HubSettings()) throws -> (
        HubHarness, publisher: FakeClient, subscribers: [FakeClient]
    ) {
        let hub = HubHarness(shards: 2, settings: settings)
        let publisher = hub.connect(to: 0)
        let clients = (0..<subscribers).map { _ in hub.connect(to: 1) }
        for client in clients {
            try client.subscribe(TopicName(Self.topic))
            client.transport.duringWrite = { [clock = hub.clock] in clock.advance(by: .microseconds(10)) }
        }
        hub.tick()
        return (hub, publisher, clients)
    }

    @Test("an inbox is full, whatever it holds, while its loop has more to write than fits into a tick")
    func pausesWhileBehind() throws {
        let (hub, publisher, subscribers) = try slowHub(subscribers: 1_000)
        publisher.publish("1", to: try TopicName(Self.topic))
        #expect(!publisher.transport.isPaused)
        #expect(hub.shards[1].tick(until: hub.now + 1_000_000))
        publisher.publish("2", to: try TopicName(Self.topic))
        #expect(publisher.transport.isPaused)
        #expect(hub.snapshot().pauses[Int(PauseReason.inbox.rawValue)] == 1)
        // It waits until all is written, the second message too.
        while hub.shards[1].tick(until: hub.now + 1_000_000) {
            hub.tick(0)
            #expect(publisher.transport.isPaused)
        }
        hub.tick(0)
        #expect(!publisher.transport.isPaused)
        #expect(subscribers.allSatisfy { $0.takeTexts() == ["1", "2"] })
        hub.expectBalanced()
    }

    @Test("who waits for its own message to be written is read again then, however much others send")
    func readsOnUnderAFlood() throws {
        let (hub, publisher, _) = try slowHub(subscribers: 1_000)
        let bystander = hub.connect(to: 1)

        /// One tick of the flooded loop, whose inbox is never empty.
        func tick() throws {
            for _ in 0..<20 { publisher.publish("x", to: try TopicName(Self.topic)) }
            #expect(hub.shards[1].tick(until: hub.now + 1_000_000))
        }

        try tick()
        bystander.publish("mine", to: try TopicName("mine"))
        #expect(bystander.transport.isPaused)
        var ticks = 0
        while bystander.transport.isPaused, ticks < 1_000 {
            try tick()
            ticks += 1
        }
        // A thousand writes of 10 µs are ten ticks of a millisecond, and it looks at the clock after every 64.
        #expect(ticks <= 20)
        #expect(hub.snapshot().inboxBytes > 0)
        hub.tick()
        hub.expectBalanced()
    }

    @Test("messages that have queues written to make room are taken in only as far as there is time")
    func chargesWrites() throws {
        var settings = HubSettings()
        settings.queue = QueueLimits(messages: 1)
        let (hub, publisher, subscribers) = try slowHub(subscribers: 100, settings: settings)
        for number in 0..<30 { publisher.publish("\(number)", to: try TopicName(Self.topic)) }
        let (began, work) = (hub.now, hub.shards[1].work)
        #expect(hub.shards[1].tick(until: began + 2_000_000))
        // A message is a millisecond of writes; the clock is looked at behind each.
        #expect(hub.now - began < 5_000_000)
        #expect(hub.shards[1].work - work >= 300)
        hub.tick()
        #expect(subscribers.allSatisfy { $0.takeTexts() == (0..<30).map(String.init) })
        hub.expectBalanced()
    }

    @Test("a client that sends to one client of another loop is held back in the same way")
    func pausesUnicasts() throws {
        let (hub, sender, receivers) = try hub(subscribers: 20)
        let payload = [UInt8](repeating: 0x31, count: 300_000)
        for receiver in receivers {
            try payload.withUnsafeBytes {
                try hub.shards[0].unicast($0, to: receiver.id, from: sender.client, ingress: 0)
            }
            if sender.transport.isPaused { break }
        }
        #expect(sender.transport.isPaused)
        hub.tick()
        #expect(!sender.transport.isPaused)
        hub.expectBalanced()
    }

    @Test("a client that does not publish is read all the time")
    func sparesOthers() throws {
        let (hub, publisher, _) = try hub()
        let other = hub.connect(to: 0)
        while !publisher.transport.isPaused { publisher.publish("x", to: try TopicName(Self.topic)) }
        other.send(#"{"message_id":1,"message_type":"ping","data":1}"#)
        hub.tick(0)
        #expect(!other.transport.isPaused)
        #expect(other.takeTexts().count == 1)
        hub.tick()
    }

    @Test("a paused client that has gone is not told to read again")
    func forgetsTheGone() throws {
        let (hub, publisher, _) = try hub()
        while !publisher.transport.isPaused { publisher.publish("x", to: try TopicName(Self.topic)) }
        publisher.vanish()
        hub.tick()
        #expect(publisher.transport.isPaused)
        #expect(hub.snapshot().pausedClients == 0)
    }

    @Test("a tick stops at its deadline, and the rest is written in the ticks that follow, in order")
    func writesInParts() throws {
        let hub = HubHarness()
        let clients = (0..<1_000).map { _ in hub.connect() }
        for client in clients {
            client.transport.duringWrite = { [clock = hub.clock] in clock.advance(by: .microseconds(10)) }
        }
        hub.hub.broadcast(Frame("first"))
        var ticks = 0
        var hasMore = true
        while hasMore, ticks < 100 {
            let before = clients.count { !$0.transport.frames.isEmpty }
            hasMore = hub.shards[0].tick(until: hub.now + 1_000_000)
            let written = clients.count { !$0.transport.frames.isEmpty } - before
            // A hundred writes fit; the clock is looked at after every 64.
            #expect(written <= 200)
            if ticks == 2 { hub.hub.broadcast(Frame("second")) }
            ticks += 1
        }
        #expect(ticks >= 10)
        #expect(clients.allSatisfy { $0.takeTexts() == ["first", "second"] })
        hub.expectBalanced()
    }

    @Test("while a fan-out is being written its publisher waits, and answers to others do not")
    func answersFirst() throws {
        let hub = HubHarness()
        let (publisher, other) = (hub.connect(), hub.connect())
        let clients = (0..<1_000).map { _ in hub.connect() }
        for client in clients {
            client.transport.duringWrite = { [clock = hub.clock] in clock.advance(by: .microseconds(10)) }
        }
        publisher.publish("all", to: .broadcast)
        #expect(hub.shards[0].tick(until: hub.now + 1_000_000))
        _ = other.take()
        publisher.publish("more", to: .broadcast)
        #expect(publisher.transport.isPaused)
        #expect(hub.snapshot().pauses[Int(PauseReason.writing.rawValue)] == 1)
        other.send(#"{"message_id":1,"message_type":"ping","data":1}"#)
        #expect(hub.shards[0].tick(until: hub.now + 1))
        #expect(other.takeTexts().first?.contains("pong") == true)
        hub.tick()
        #expect(!publisher.transport.isPaused)
        #expect(clients.allSatisfy { $0.takeTexts() == ["all", "more"] })
        hub.expectBalanced()
    }

    @Test("a client leaves thousands of topics in parts, gets nothing from them meanwhile, and leaves nothing behind")
    func leavesInParts() throws {
        var settings = HubSettings()
        settings.maxSubscriptionsPerClient = 10_000
        let hub = HubHarness(settings: settings)
        let (client, other) = (hub.connect(), hub.connect())
        let names = try (0..<5_000).map { try TopicName("topic \($0)") }
        for name in names {
            try client.subscribe(name)
            try other.subscribe(name)
        }
        client.vanish()
        #expect(hub.snapshot().subscriptions > 9_000)
        #expect(hub.shards[0].tick(until: hub.now))
        for name in names { other.publish("x", to: name) }
        hub.tick()
        #expect(hub.snapshot().subscriptions == 5_000)
        #expect(other.takeTexts().count == 5_000)
        #expect(client.take().isEmpty)
        other.vanish()
        hub.tick()
        #expect(hub.leftovers() == nil)
        hub.expectBalanced()
    }
}
