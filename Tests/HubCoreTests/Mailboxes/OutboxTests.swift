// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Synchronization
import Testing

@testable import HubCore

/// What the hub asks of its bus, seen from the hub.
@Suite("Outbox")
struct OutboxTests {
    private let outbox: Outbox
    private let hub: HubHarness
    private let topic: TopicName

    init() throws {
        outbox = Outbox(shards: 2, Wakeup {})
        outbox.isAvailable = true
        hub = HubHarness(shards: 2, outbox: outbox)
        topic = try TopicName("news")
    }

    @Test("whoever publishes more than the bus takes is not read, is counted, and is read again when there is room")
    func pauses() {
        let (publisher, other, bystander) = (hub.connect(to: 0), hub.connect(to: 1), hub.connect(to: 0))
        var published = 0
        while !publisher.transport.isPaused, published < 10_000 {
            publisher.publish("x", to: topic)
            published += 1
        }
        #expect(published == MailboxLimits.outbox.commands)
        hub.tick()
        #expect(publisher.transport.isPaused)
        #expect(hub.snapshot().pausedClients == 1)
        #expect(hub.snapshot().pauses[Int(PauseReason.bus.rawValue)] == 1)
        // Each loop has a mailbox of its own, and who does not publish is not held up.
        other.publish("x", to: topic)
        bystander.send(#"{"message_id":1,"message_type":"ping"}"#)
        hub.tick()
        #expect(!other.transport.isPaused && !bystander.transport.isPaused)
        var commands: [Outbox.Command] = []
        outbox.take(0, &commands)
        outbox.finish(0, commands[..<2_000], isBehind: false)
        #expect(hub.wakeCount(of: 0) == 0)
        outbox.finish(0, commands[2_000...], isBehind: false)
        #expect(hub.wakeCount(of: 0) == 1)
        hub.tick()
        #expect(!publisher.transport.isPaused)
        #expect(hub.snapshot().pausedClients == 0)
        hub.expectBalanced()
    }

    @Test("what a loop publishes in a tick wakes the bus loop once, and what other threads publish at once")
    func wakes() throws {
        let wakes = Mutex(0)
        let outbox = Outbox(shards: 1, Wakeup { wakes.withLock { $0 += 1 } })
        outbox.isAvailable = true
        let hub = HubHarness(outbox: outbox)
        let publisher = hub.connect()
        hub.tick()
        for _ in 0..<10 { publisher.publish("x", to: topic) }
        #expect(wakes.withLock { $0 } == 0)
        hub.tick()
        #expect(wakes.withLock { $0 } == 1)
        hub.tick()
        #expect(wakes.withLock { $0 } == 1)
        try hub.hub.publish(.text(Array("x".utf8)), to: "news")
        #expect(wakes.withLock { $0 } == 2)
    }

    @Test("what waits for another node keeps no more memory than it is counted by")
    func exactSize() {
        let sender = hub.connect(to: 0)
        let filler = String(repeating: "x", count: 500_000)
        sender.send(#"{"message_id":1,"message_type":"publish","data":{"topic":"news","payload":"\#(filler)"},"ts":1}"#)
        let id = "00000000-0000-4000-8000-000000000000"
        sender.send(#"{"message_id":2,"message_type":"unicast","data":{"client_id":"\#(id)","payload":1},"ts":1}"#)
        let frames = outbox.takeCommands(of: 0).compactMap { command -> [UInt8]? in
            switch command {
            case .publish(let publication, _): publication.payload
            case .forward(let frame, _, _): frame.content
            case .interest: nil
            }
        }
        #expect(frames.count == 2)
        for frame in frames { #expect(frame.capacity < frame.count + 100) }
    }

    @Test("large messages fill it by their bytes")
    func bytes() {
        let publisher = hub.connect()
        let text = String(repeating: "x", count: 100_000)
        while !publisher.transport.isPaused { publisher.publish(text, to: topic) }
        #expect(outbox.byteCount >= MailboxLimits.outbox.bytes)
        #expect(outbox.byteCount < MailboxLimits.outbox.bytes + 101_000)
    }

    @Test("subscribing and writing to clients elsewhere count as publishing", arguments: [false, true])
    func others(isUnicast: Bool) {
        let client = hub.connect()
        var sent = 0
        while !client.transport.isPaused, sent < 10_000 {
            let elsewhere = "0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11"
            client.send(
                isUnicast
                    ? #"{"message_type":"unicast","data":{"client_id":"\#(elsewhere)","payload":1}}"#
                    : #"{"message_type":"subscribe","data":{"topic":"t\#(sent)"}}"#
            )
            sent += 1
        }
        // A client's open answers are its first limit.
        #expect(sent == AnswerTable.limitPerClient)
        #expect(hub.snapshot().pauses[Int(PauseReason.answers.rawValue)] == 1)
    }

    @Test("a program that writes to clients elsewhere faster than the bus takes is told that there is no room")
    func pushes() throws {
        let elsewhere = try #require(ClientID("0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11"))
        var pushed = 0
        #expect(throws: HubError.sendBufferFull) {
            while pushed < 10_000 {
                try hub.hub.push(Frame("x"), to: elsewhere)
                pushed += 1
            }
        }
        #expect(pushed == MailboxLimits.outbox.commands)
    }

    @Test("while other nodes cannot be reached publications are counted and not kept, or kept and told as unreachable")
    func unavailable() {
        outbox.isAvailable = false
        let client = hub.connect()
        client.publish("1", to: topic)
        hub.hub.broadcast(Frame("2"))
        #expect(outbox.takeRefused() == 2)
        #expect(outbox.takeRefused() == 0)
        outbox.keepsPublications = true
        client.send(#"{"message_id":1,"message_type":"publish","data":{"topic":"news","payload":3}}"#)
        hub.tick()
        #expect(client.takeTexts().contains { $0.contains(#""bus":"unavailable""#) })
        #expect(outbox.takePublications()[0].count == 1)
        #expect(outbox.takeRefused() == 0)
    }

    @Test("once closed it gives back what nobody took, and lets nobody wait or be lost")
    func closed() throws {
        let publisher = hub.connect()
        while !publisher.transport.isPaused { publisher.publish("x", to: topic) }
        let elsewhere = try #require(ClientID("0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11"))
        try hub.hub.push(Frame("x"), to: elsewhere) { _ in }
        #expect(outbox.close().count == MailboxLimits.outbox.commands + 1)
        hub.tick()
        #expect(!publisher.transport.isPaused)
        // A thread that saw it available before.
        outbox.isAvailable = true
        #expect(throws: HubError.busUnavailable) { try hub.hub.push(Frame("x"), to: elsewhere) { _ in } }
        publisher.publish("x", to: topic)
        #expect(outbox.takeRefused() == 1)
        #expect(outbox.byteCount == 0)
    }
}
