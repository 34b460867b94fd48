// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Synchronization
import Testing

@testable import HubCore

/// Requests that are answered later.
@Suite("Pending answers")
struct PendingAnswerTests {
    /// Keeps every request of type `later` open.
    private final class Keeper: MessageHandler {
        private let answers = Mutex<[PendingAnswer]>([])
        func handle(_ message: Message) throws(MessageError) {
            let answer = message.answerLater()
            answers.withLock { $0.append(answer) }
        }
        func take() -> [PendingAnswer] {
            answers.withLock { answers in
                defer { answers = [] }
                return answers
            }
        }
    }

    private let keeper = Keeper()
    private let hub: HubHarness

    init() { hub = HubHarness(receiver: Dispatcher(welcome: HubHarness.welcome, handlers: ["later": keeper])) }

    private func ask(_ client: FakeClient, _ id: Int = 1) {
        client.send(#"{"message_id":\#(id),"message_type":"later"}"#)
    }

    @Test("a handler of the program's own answers later, in its own words, in whatever order")
    func later() {
        let client = hub.connect()
        ask(client, 1)
        ask(client, 2)
        client.send(#"{"message_id":3,"message_type":"ping"}"#)
        hub.tick()
        #expect(client.takeTexts() == [hubMessage(3, "pong", "null")])
        #expect(hub.snapshot().openAnswers == 2)
        let answers = keeper.take()
        answers[1].complete(
            .message { id, timestamp, bytes in
                HubMessage.pong(data: nil, messageID: id, timestamp: timestamp, to: &bytes)
            }
        )
        answers[0].complete(.error(MessageError(.notAllowed, "not you")))
        #expect(hub.wakeCount(of: 0) == 1)
        hub.tick()
        #expect(client.takeTexts() == [hubMessage(2, "pong", "null"), failure(1, "not_allowed", "not you", "later")])
        #expect(hub.snapshot().openAnswers == 0)
        #expect(hub.snapshot().commands.errors(.other, .notAllowed) == 1)
        hub.expectEmptyAfterAllLeft()
    }

    @Test("the answer is given once, whichever threads give it")
    func once() {
        let client = hub.connect()
        for id in 0..<100 { ask(client, id) }
        let answers = keeper.take()
        let threads = (0..<4).map { thread in
            TestThread { for answer in answers { answer.complete(.published("\(thread)")) } }
        }
        for thread in threads { thread.join() }
        hub.tick()
        let texts = client.takeTexts()
        #expect(texts.count == 100)
        #expect((0..<100).allSatisfy { id in texts.count { $0.hasPrefix(#"{"message_id":\#(id),"#) } == 1 })
        #expect(hub.snapshot().openAnswers == 0)
        hub.expectBalanced()
    }

    @Test("a client that has gone is answered nothing, nor is the one that has its place")
    func gone() {
        let client = hub.connect()
        for id in 0..<300 { ask(client, id) }
        #expect(hub.snapshot().pausedClients == 1)
        client.vanish()
        hub.tick()
        #expect(hub.snapshot().pausedClients == 0)
        let next = hub.connect()
        for answer in keeper.take() { answer.complete(.published("x")) }
        hub.tick()
        #expect(next.take().isEmpty)
        #expect(hub.snapshot().openAnswers == 0)
        hub.expectEmptyAfterAllLeft()
    }

    @Test("a client with 256 open requests is not read, and is read again at 128")
    func limit() {
        let (client, other) = (hub.connect(), hub.connect())
        for id in 1...255 { ask(client, id) }
        #expect(!client.transport.isPaused)
        ask(client, 256)
        #expect(client.transport.isPaused)
        #expect(!other.transport.isPaused)
        #expect(hub.snapshot().pausedClients == 1)
        #expect(hub.snapshot().pauses[Int(PauseReason.answers.rawValue)] == 1)
        let answers = keeper.take()
        for answer in answers[..<127] { answer.complete(.published("x")) }
        hub.tick()
        #expect(client.transport.isPaused)
        answers[127].complete(.published("x"))
        hub.tick()
        #expect(!client.transport.isPaused)
        #expect(hub.snapshot().pausedClients == 0)
        #expect(hub.snapshot().openAnswers == 128)
        hub.expectBalanced()
    }

    @Test(
        "a client that waits for answers and for room is read again when it waits for neither",
        arguments: [false, true]
    )
    func twoReasons(isAnsweredFirst: Bool) {
        let client = hub.connect()
        for id in 1...256 { ask(client, id) }
        hub.shards[0].pause(client.client, .inbox)
        let answer = { for answer in keeper.take() { answer.complete(.published("x")) } }
        if isAnsweredFirst { answer() } else { hub.shards[0].resumePaused() }
        if !isAnsweredFirst { #expect(client.transport.isPaused) }
        answer()
        hub.tick()
        #expect(!client.transport.isPaused)
    }

    @Test("what nobody answers is an internal error after ten seconds, and a later answer counts for nothing")
    func expires() {
        let client = hub.connect()
        ask(client, 1)
        hub.clock.advance(by: .seconds(5))
        ask(client, 2)
        hub.clock.advance(by: .milliseconds(4_900))
        hub.tick()
        #expect(client.take().isEmpty)
        hub.clock.advance(by: .milliseconds(1_100))
        hub.tick()
        #expect(client.takeTexts().map { $0.contains(#""code":"internal""#) } == [true])
        hub.clock.advance(by: .seconds(5))
        hub.tick()
        #expect(client.takeTexts().count == 1)
        for answer in keeper.take() { answer.complete(.published("x")) }
        hub.tick()
        #expect(client.take().isEmpty)
        #expect(hub.snapshot().openAnswers == 0)
        #expect(hub.snapshot().commands.errors(.other, .internal) == 2)
    }

    @Test("answers in flight when the hub ends go nowhere, and keep nothing alive")
    func afterTheEnd() {
        var answers: [PendingAnswer] = []
        weak var inbox: Inbox?
        do {
            let keeper = Keeper()
            let hub = HubHarness(receiver: Dispatcher(welcome: HubHarness.welcome, handlers: ["later": keeper]))
            let client = hub.connect()
            ask(client)
            answers = keeper.take()
            inbox = hub.shards[0].inbox
            client.vanish()
        }
        for answer in answers { answer.complete(.published("x")) }
        #expect(inbox?.byteCount == 0)
        answers = []
        #expect(inbox == nil)
    }
}
