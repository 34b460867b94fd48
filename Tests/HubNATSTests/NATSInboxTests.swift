// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import Synchronization
import Testing

@testable import HubNATS

@Suite("Where the library's threads put what has come")
struct NATSInboxTests {
    /// Counts how often an inbox wakes the loop.
    private final class Box: Sendable {
        let wakeups = Mutex(0)

        func inbox(_ limit: Int = 1 << 20) -> NATSInbox {
            NATSInbox(byteLimit: limit) { [unowned self] in wakeups.withLock { $0 += 1 } }
        }
    }

    private let box = Box()

    private func message(_ text: String = "", bytes: Int? = nil) throws -> OpaquePointer {
        // As it is by the time that messages come.
        #expect(nats_Open(-1) == NATS_OK)
        var message: OpaquePointer?
        let payload = [CChar](repeating: 0x78, count: bytes ?? 0)
        let status =
            bytes.map { natsMsg_Create(&message, "gohub.topic.a", nil, payload, Int32($0)) }
            ?? natsMsg_Create(&message, "gohub.topic.a", nil, text, Int32(text.utf8.count))
        #expect(status == NATS_OK)
        return try #require(message)
    }

    private func text(_ arrivals: [NATSInbox.Arrival]) -> [String] {
        arrivals.map { arrival in
            arrival.message.map { String(decoding: NATSMessage.bytes(of: $0), as: UTF8.self) } ?? "end"
        }
    }

    private func take(_ inbox: NATSInbox) -> NATSInbox.Batch {
        var batch = NATSInbox.Batch()
        inbox.take(into: &batch)
        return batch
    }

    /// A subscription that the library would hold, and a look at whether anybody still does.
    private func held(_ inbox: NATSInbox) -> (Unmanaged<NATSSubscription>, () -> Bool) {
        let subscription = NATSSubscription(inbox, .messages) { _ in }
        weak let seen: NATSSubscription? = subscription
        return (Unmanaged.passRetained(subscription), { seen != nil })
    }

    @Test("the loop is woken once, and gets all in order, messages apart from replies")
    func lanes() throws {
        let inbox = box.inbox()
        let (subscription, isHeld) = held(inbox)
        for text in ["a", "b"] {
            inbox.add(try message(text), of: subscription, in: .messages)
            inbox.add(try message(text.uppercased()), of: subscription, in: .replies)
        }
        inbox.add(.lameDuck)
        #expect(box.wakeups.withLock { $0 } == 1)
        #expect(inbox.hasMessages)
        let batch = take(inbox)
        #expect(text(batch.messages) == ["a", "b"])
        #expect(text(batch.replies) == ["A", "B"])
        #expect(batch.events.count == 1)
        #expect(!inbox.hasMessages)
        batch.discard()
        inbox.tell()
        inbox.tell()
        #expect(box.wakeups.withLock { $0 } == 2)
        inbox.complete(subscription, in: .messages)
        #expect(isHeld())
        let last = take(inbox)
        #expect(text(last.messages) == ["end"])
        last.discard()
        #expect(!isHeld())
    }

    @Test(
        "messages are bounded by their bytes and what each takes beside; those that are too many are dropped and counted"
    )
    func bounded() throws {
        let inbox = box.inbox(10_000)
        let (subscription, _) = held(inbox)
        defer { subscription.release() }
        // 1000 and 256 each: the eighth is one too many.
        for _ in 0..<8 { inbox.add(try message(bytes: 1000), of: subscription, in: .messages) }
        // What is smaller fits still, until that is too much.
        for _ in 0..<5 { inbox.add(try message(), of: subscription, in: .messages) }
        // Replies are as many as the node has asked for.
        for _ in 0..<100 { inbox.add(try message(bytes: 1000), of: subscription, in: .replies) }
        var batch = take(inbox)
        #expect(batch.messages.count == 11)
        #expect(batch.replies.count == 100)
        #expect(batch.droppedCount == 2)
        batch.discard()
        batch = NATSInbox.Batch()
        // All that was taken makes room.
        for _ in 0..<7 { inbox.add(try message(bytes: 1000), of: subscription, in: .messages) }
        inbox.take(into: &batch)
        #expect(batch.messages.count == 7)
        #expect(batch.droppedCount == 0)
        batch.discard()
    }

    @Test(
        "what was asked for is bounded too, as anybody may send to where it comes",
        arguments: [NATSSubscription.Lane.kept, .replies]
    )
    func boundedRequests(lane: NATSSubscription.Lane) throws {
        let inbox = box.inbox(10_000)
        let (subscription, _) = held(inbox)
        defer { subscription.release() }
        let size = 1 << 20
        let room = NATSInbox.requestedLimit / (size + 256)
        for _ in 0..<room + 3 { inbox.add(try message(bytes: size), of: subscription, in: lane) }
        for _ in 0..<2 {
            let batch = take(inbox)
            #expect(batch.messages.count + batch.replies.count == room)
            #expect(batch.droppedCount == 3)
            batch.discard()
            for _ in 0..<room + 3 { inbox.add(try message(bytes: size), of: subscription, in: lane) }
        }
        inbox.close()
    }

    @Test("complaints are bounded, and all else is told behind them")
    func complaints() {
        let inbox = box.inbox()
        for _ in 0..<NATSInbox.complaintLimit + 5 { inbox.add(.complaint(NATS_ERR, "no")) }
        inbox.add(.fencePassed)
        inbox.add(.closed(NATS_OK, ""))
        let batch = take(inbox)
        #expect(batch.droppedCount == 5)
        let events = batch.events
        #expect(events.count == NATSInbox.complaintLimit + 2)
        #expect(events.last?.isEnd == true)
    }

    @Test("while the loop has messages in hand it takes no more, but all else")
    func paused() throws {
        let inbox = box.inbox()
        let (subscription, _) = held(inbox)
        defer { subscription.release() }
        inbox.add(try message("a"), of: subscription, in: .messages)
        var batch = take(inbox)
        inbox.add(try message("b"), of: subscription, in: .messages)
        inbox.add(try message("reply"), of: subscription, in: .replies)
        inbox.take(into: &batch)
        #expect(text(batch.messages) == ["a"])
        #expect(text(batch.replies) == ["reply"])
        #expect(inbox.hasMessages)
        batch.discard()
        batch = take(inbox)
        #expect(text(batch.messages) == ["b"])
        batch.discard()
    }

    @Test("once it is closed it gives back what it has and what comes, and wakes nobody")
    func closed() throws {
        let inbox = box.inbox()
        let (waiting, waitingIsHeld) = held(inbox)
        let (late, lateIsHeld) = held(inbox)
        inbox.add(try message("a"), of: waiting, in: .messages)
        inbox.complete(waiting, in: .messages)
        inbox.close()
        #expect(!waitingIsHeld())
        let before = box.wakeups.withLock { $0 }
        inbox.add(try message("b"), of: late, in: .messages)
        inbox.add(try message("b"), of: late, in: .replies)
        inbox.add(.closed(NATS_OK, ""))
        inbox.complete(late, in: .replies)
        #expect(!lateIsHeld())
        let batch = take(inbox)
        #expect(batch.messages.isEmpty && batch.replies.isEmpty && batch.events.isEmpty)
        #expect(box.wakeups.withLock { $0 } == before)
    }

    @Test("a descriptor is handed out once")
    func descriptors() {
        let inbox = box.inbox()
        #expect(inbox.takeSocket() == -1)
        inbox.setSocket(7)
        #expect(inbox.takeSocket() == 7)
        #expect(inbox.takeSocket() == -1)
    }

    @Test("the library reads until it says otherwise")
    func reading() {
        let inbox = box.inbox()
        #expect(inbox.wantsToRead)
        inbox.setReading(false)
        #expect(!inbox.wantsToRead)
        #expect(box.wakeups.withLock { $0 } == 0)
    }

    @Test("the loop is woken when there is something to write, and only then")
    func writing() {
        let inbox = box.inbox()
        #expect(!inbox.wantsToWrite)
        inbox.setWriting(true)
        inbox.setWriting(true)
        #expect(inbox.wantsToWrite)
        inbox.setWriting(false)
        #expect(!inbox.wantsToWrite)
        #expect(box.wakeups.withLock { $0 } == 1)
    }
}
