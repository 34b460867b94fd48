// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Synchronization
import Testing

/// Handlers that a program adds to the dispatcher.
@Suite("Custom handlers")
struct CustomHandlerTests {
    /// Answers with what it was given, or throws.
    private final class Recorder: MessageHandler {
        let seen = Mutex<[String]>([])
        let error: MessageError?

        init(throwing error: MessageError? = nil) { self.error = error }

        func handle(_ message: Message) throws(MessageError) {
            let data = message.data.map { String(decoding: $0, as: UTF8.self) }
            seen.withLock { $0.append("\(message.messageID) \(data ?? "nothing") \(message.ingress)") }
            if let error { throw error }
            message.reply { timestamp, bytes in
                HubMessage.pong(
                    data: message.data,
                    messageID: message.messageID,
                    timestamp: timestamp,
                    to: &bytes
                )
            }
        }
    }

    private func harness(_ handlers: [String: any MessageHandler]) -> HubHarness {
        HubHarness(receiver: Dispatcher(welcome: HubHarness.welcome, handlers: handlers))
    }

    @Test(
        "a type of its own goes to its handler, with number, data and time of entry",
        arguments: ["join", "JÖIN", "pong", "welcome"]
    )
    func ownType(name: String) {
        let recorder = Recorder()
        let hub = harness([name: recorder])
        let client = hub.connect()
        client.send(#"{"message_id":3,"message_type":"\#(name)","data":{ "a":1}}"#, ingress: 77)
        client.send(#"{"message_id":4,"message_type":"\#(name)"}"#)
        client.send(#"{"message_id":5,"message_type":"other"}"#)
        hub.tick()
        #expect(recorder.seen.withLock { $0 } == [#"3 { "a":1} 77"#, "4 nothing 0"])
        #expect(
            client.takeTexts() == [
                hubMessage(3, "pong", #"{ "a":1}"#),
                hubMessage(4, "pong", "null"),
                failure(5, "unknown_type", "no handler for this message_type", "other"),
            ]
        )
        #expect(hub.snapshot().commands.received(.other) == 2)
        #expect(hub.snapshot().commands.received(.invalid) == 1)
    }

    @Test("a type written with escapes is the same type")
    func escaped() {
        let recorder = Recorder()
        let hub = harness(["join": recorder])
        let client = hub.connect()
        client.send(#"{"message_id":3,"message_type":"\u006aoin"}"#)
        client.send(#"{"message_id":4,"message_type":"p\u0069ng"}"#)
        hub.tick()
        #expect(client.takeTexts() == [hubMessage(3, "pong", "null"), hubMessage(4, "pong", "null")])
        #expect(recorder.seen.withLock { $0.count } == 1)
    }

    @Test("a handler for a type of the protocol takes its place, and still counts as that type")
    func replaced() {
        let recorder = Recorder()
        let hub = harness(["subscribe": recorder])
        let client = hub.connect()
        client.send(#"{"message_id":3,"message_type":"subscribe","data":{"topic":"t"}}"#)
        hub.tick()
        #expect(recorder.seen.withLock { $0.count } == 1)
        #expect(hub.snapshot().topics == 0)
        #expect(hub.snapshot().commands.received(.subscribe) == 1)
    }

    @Test("what a handler throws is what the client is told", arguments: ErrorCode.allCases)
    func throwing(code: ErrorCode) {
        let hub = harness(["join": Recorder(throwing: MessageError(code, "because"))])
        let client = hub.connect()
        client.send(#"{"message_id":3,"message_type":"join"}"#)
        hub.tick()
        #expect(client.takeTexts() == [failure(3, code.rawValue, "because", "join")])
        #expect(hub.snapshot().commands.errors(.other, code) == 1)
    }

    @Test("a handler that wants data is told when there is none")
    func requiresData() {
        struct Demanding: MessageHandler {
            func handle(_ message: Message) throws(MessageError) { _ = try message.requiredData() }
        }
        let hub = harness(["join": Demanding()])
        let client = hub.connect()
        client.send(#"{"message_id":3,"message_type":"join"}"#)
        hub.tick()
        #expect(client.takeTexts() == [failure(3, "bad_message", #""data" is missing"#, "join")])
    }

    @Test("a receiver may speak no client protocol at all")
    func otherReceiver() {
        struct Shouter: MessageReceiver {
            func opened(_ client: Client, on shard: Shard) {}
            func draining(_ client: Client, on shard: Shard, retryAfterMilliseconds: Int64) {}
            func received(
                _ bytes: UnsafeRawBufferPointer,
                isText: Bool,
                from client: Client,
                on shard: Shard,
                ingress: UInt64
            ) {
                shard.reply(bytes, opcode: isText ? 1 : 2, to: client, ingress: ingress)
            }
        }
        let hub = HubHarness(receiver: Shouter())
        let client = hub.connect(welcome: true)
        client.send("not JSON")
        client.send([1, 2])
        hub.tick()
        #expect(client.take() == [.text("not JSON"), .binary([1, 2])])
        hub.expectBalanced()
    }
}
