// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics
import HubTesting
import HubWire
import Testing

/// Which series of errors there are, held against what the handlers answer.
@Suite("Codes of commands")
struct CommandCodesTests {
    /// An error as the metrics count it.
    private struct Answer: Hashable, CustomStringConvertible {
        let kind: CommandKind
        let code: ErrorCode

        var description: String { "\(kind.labelValue) \(code.rawValue)" }
    }

    private static func answers(of hub: HubHarness) -> Set<Answer> {
        let commands = hub.snapshot().commands
        let all = CommandKind.allCases.flatMap { kind in ErrorCode.allCases.map { Answer(kind: kind, code: $0) } }
        return Set(all.filter { commands.errors($0.kind, $0.code) > 0 })
    }

    /// Everything that clients are known to be refused for.
    private static func provoked() -> Set<Answer> {
        var settings = settings(messages: 2)
        settings.maxSubscriptionsPerClient = 1
        settings.maxTopics = 1
        let hub = HubHarness(settings: settings)
        let (client, other) = (hub.connect(), hub.connect())
        for example in ProtocolErrorCase.malformed + ProtocolErrorCase.refused {
            client.send(example.sent)
            hub.tick()
        }
        client.send([])
        client.send([1, 7])
        for (sender, topic) in [(client, "a"), (client, "b"), (other, "c")] {
            sender.send(#"{"message_type":"subscribe","data":{"topic":"\#(topic)"}}"#)
        }
        hub.tick()
        let long = String(repeating: "x", count: HubHarness.welcome.maxMessageBytes)
        client.send(#"{"message_type":"ping","data":"\#(long)"}"#)
        client.send(#"{"message_type":"publish","data":{"topic":"a","payload":"\#(long)"}}"#)
        client.send(#"{"message_type":"broadcast","data":{"payload":"\#(long)"}}"#)
        client.send(#"{"message_type":"unicast","data":{"client_id":"\#(other.id)","payload":"\#(long)"}}"#)
        hub.tick()
        other.block()
        for _ in 0..<4 {
            client.send(#"{"message_type":"unicast","data":{"client_id":"\#(other.id)","payload":1}}"#)
            hub.tick()
        }
        return answers(of: hub).union(answersWithoutOtherNodes()).union(answersOfNobody())
    }

    /// What is answered when those who should answer do not.
    private static func answersOfNobody() -> Set<Answer> {
        let outbox = Outbox(shards: 1, Wakeup {})
        outbox.isAvailable = true
        let hub = HubHarness(outbox: outbox)
        let client = hub.connect()
        client.send(#"{"message_type":"subscribe","data":{"topic":"a"}}"#)
        client.send(#"{"message_type":"publish","data":{"topic":"a","payload":1,"confirm":true}}"#)
        client.send(#"{"message_type":"broadcast","data":{"payload":1,"confirm":true}}"#)
        let elsewhere = "0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11"
        client.send(#"{"message_type":"unicast","data":{"client_id":"\#(elsewhere)","payload":1}}"#)
        hub.clock.advance(by: .seconds(10))
        hub.tick()
        return answers(of: hub)
    }

    /// What is answered while other nodes cannot be reached.
    private static func answersWithoutOtherNodes() -> Set<Answer> {
        let hub = HubHarness(outbox: Outbox(shards: 1, Wakeup {}))
        let client = hub.connect()
        client.send(#"{"message_type":"publish","data":{"topic":"a","payload":1,"confirm":true}}"#)
        client.send(#"{"message_type":"broadcast","data":{"payload":1,"confirm":true}}"#)
        let elsewhere = "0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11"
        client.send(#"{"message_type":"unicast","data":{"client_id":"\#(elsewhere)","payload":1}}"#)
        hub.tick()
        return answers(of: hub)
    }

    @Test("there is a series for each code that a command is answered with, and for no other")
    func table() {
        let table = CommandKind.allCases.flatMap { kind in kind.codes.map { Answer(kind: kind, code: $0) } }
        #expect(Self.provoked() == Set(table))
    }

    @Test("a handler of the program's own is on the page once its messages come")
    func other() throws {
        let hub = HubHarness(
            receiver: Dispatcher(welcome: HubHarness.welcome, handlers: ["own": RefusingHandler()])
        )
        let client = hub.connect()
        let registry = Registry()
        let metrics = MessageMetrics(registry)
        metrics.publish(hub.snapshot(), hub: hub.hub)
        var page = try Exposition(scraping: registry, as: .text)
        #expect(page.value(of: "gohub_messages_received_total", ["command": "other"]) == nil)
        client.send(#"{"message_type":"own"}"#)
        hub.tick()
        metrics.publish(hub.snapshot(), hub: hub.hub)
        page = try Exposition(scraping: registry, as: .text)
        #expect(page.value(of: "gohub_messages_received_total", ["command": "other"]) == 1)
        #expect(page.value(of: "gohub_command_duration_seconds_count", ["command": "other"]) == 1)
        #expect(page.value(of: "gohub_command_errors_total", ["command": "other", "code": "not_allowed"]) == 1)
    }
}

private struct RefusingHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) { throw MessageError(.notAllowed, "not you") }
}
