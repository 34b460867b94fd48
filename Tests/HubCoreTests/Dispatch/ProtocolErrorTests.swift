// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// What a client is told when it is wrong; it is answered, never punished.
@Suite("Protocol errors")
struct ProtocolErrorTests {
    @Test("a message that cannot be read is answered with bad_message", arguments: ProtocolErrorCase.malformed)
    func malformed(example: ProtocolErrorCase) throws { try check(example) }

    @Test("a message that cannot be followed is answered with the reason's code", arguments: ProtocolErrorCase.refused)
    func refused(example: ProtocolErrorCase) throws { try check(example) }

    private func check(_ example: ProtocolErrorCase) throws {
        let hub = HubHarness()
        let (client, other) = (hub.connect(), hub.connect())
        client.send(example.sent)
        client.send(#"{"message_id":99,"message_type":"ping"}"#)
        hub.tick()
        let texts = client.takeTexts()
        #expect(texts.count == 2)
        let error = try parseError(#require(texts.first))
        #expect(error.data.code == example.code.rawValue)
        #expect(error.data.messageType == example.type)
        #expect(error.id == example.id)
        #expect(!error.data.reason.isEmpty)
        if let reason = example.reason {
            #expect(texts.first == failure(example.id, example.code.rawValue, reason, example.type))
        }
        #expect(texts.last == hubMessage(99, "pong", "null"))
        #expect(other.take().isEmpty)
        #expect(client.transport.closings.isEmpty)
        let commands = hub.snapshot().commands
        #expect(commands.received(example.kind) == 1)
        #expect(commands.bytes(example.kind) == UInt64(example.sent.utf8.count))
        #expect(commands.errors(example.kind, example.code) == 1)
        let errors = CommandKind.allCases.flatMap { kind in ErrorCode.allCases.map { commands.errors(kind, $0) } }
        #expect(errors.reduce(0, +) == 1)
        #expect(hub.snapshot().topics == 0)
        hub.expectBalanced()
    }

    struct ParsedError {
        let id: Int
        let data: ErrorData
    }

    private func parseError(_ text: String) throws -> ParsedError {
        try Array(text.utf8).withUnsafeBytes { bytes in
            let message = try ClientMessage.parse(bytes)
            #expect(message.knownType == .error)
            return ParsedError(
                id: Int(message.messageID),
                data: try ErrorData.parse(message.requiredData(in: bytes))
            )
        }
    }

    @Test("a client with all its subscriptions is told too_many, a node with all its topics node_full")
    func limits() {
        var settings = HubSettings()
        settings.maxSubscriptionsPerClient = 1
        settings.maxTopics = 1
        let hub = HubHarness(settings: settings)
        let (client, other) = (hub.connect(), hub.connect())
        client.send(#"{"message_id":1,"message_type":"subscribe","data":{"topic":"a"}}"#)
        client.send(#"{"message_id":2,"message_type":"subscribe","data":{"topic":"b"}}"#)
        other.send(#"{"message_id":3,"message_type":"subscribe","data":{"topic":"b"}}"#)
        hub.tick()
        #expect(
            client.takeTexts() == [
                answer(1, "subscribed", topic: "a"),
                failure(2, "too_many", "a client may subscribe to 1 topics", "subscribe"),
            ]
        )
        #expect(
            other.takeTexts() == [failure(3, "node_full", "the hub holds its limit of 1 topics", "subscribe")]
        )
        #expect(hub.snapshot().commands.errors(.subscribe, .tooMany) == 1)
        #expect(hub.snapshot().commands.errors(.subscribe, .nodeFull) == 1)
    }

    @Test("unicast to a full queue is send_buffer_full, on its own shard and on another", arguments: [0, 1])
    func sendBufferFull(shard: Int) {
        let hub = HubHarness(shards: 2, settings: settings(messages: 2))
        let (sender, target) = (hub.connect(), hub.connect(to: shard))
        target.block()
        let request = #""message_type":"unicast","data":{"client_id":"\#(target.id)","payload":1}"#
        for number in 0..<4 {
            sender.send(#"{"message_id":\#(number),\#(request)}"#)
            hub.tick()
        }
        let published = (0..<2).map { answer($0, "published", topic: "unicast/\(target.id)") }
        let refused = (2..<4).map {
            failure($0, "send_buffer_full", "the client's outbound queue is full", "unicast")
        }
        #expect(sender.takeTexts() == published + refused)
        #expect(hub.hub.refusedPushes(.sendBufferFull) == 2)
        #expect(hub.snapshot().commands.errors(.unicast, .sendBufferFull) == 2)
        target.unblock()
        #expect(target.takeTexts().count == 2)
        hub.expectBalanced()
    }

    @Test(
        "unicasts of one tick to a healthy client of the same shard all arrive",
        arguments: [(10, 1 << 20), (256, 500)]
    )
    func unicastBurst(messages: Int, bytes: Int) {
        let hub = HubHarness(settings: settings(messages: messages, bytes: bytes))
        let (sender, target) = (hub.connect(), hub.connect())
        let request = #""message_type":"unicast","data":{"client_id":"\#(target.id)","payload":1}"#
        for number in 0..<100 { sender.send(#"{"message_id":\#(number),\#(request)}"#) }
        hub.tick()
        #expect(sender.takeTexts() == (0..<100).map { answer($0, "published", topic: "unicast/\(target.id)") })
        #expect(target.takeTexts().count == 100)
        #expect(hub.hub.refusedPushes(.sendBufferFull) == 0)
        hub.expectBalanced()
    }

    @Test("unicast to one who left, or is being closed, is client_not_found", arguments: [0, 1], [true, false])
    func gone(shard: Int, closing: Bool) {
        let hub = HubHarness(shards: 2)
        let (sender, target) = (hub.connect(), hub.connect(to: shard))
        if closing { target.shard.beginClosing(target.client, .drain) } else { target.vanish() }
        sender.send(#"{"message_id":1,"message_type":"unicast","data":{"client_id":"\#(target.id)","payload":1}}"#)
        hub.tick()
        #expect(sender.takeTexts() == [failure(1, "client_not_found", "no client has this id", "unicast")])
        #expect(target.take().isEmpty)
        #expect(hub.hub.refusedPushes(.clientNotFound) == 1)
        hub.expectBalanced()
    }

    @Test(
        "unicast to what is no id is client_not_found, and counted as that",
        arguments: ["", "x", "0198c7a0-0000-7000-8000-00000000000", "zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz"]
    )
    func malformedID(id: String) throws {
        let hub = HubHarness()
        let sender = hub.connect()
        sender.send(#"{"message_id":1,"message_type":"unicast","data":{"client_id":"\#(id)","payload":1}}"#)
        hub.tick()
        #expect(try parseError(#require(sender.takeTexts().first)).data.code == "client_not_found")
        #expect(hub.hub.refusedPushes(.clientNotFound) == 1)
        hub.expectBalanced()
    }

    @Test(
        "a bad binary message is answered with a text error about publish",
        arguments: [
            ([], ErrorCode.badMessage), ([1], .badMessage), ([5, 97], .badMessage),
            ([255] + Array(repeating: 97, count: 254), .badMessage),
            ([0], .badTopic), ([0, 1, 2], .badTopic), ([1, 7], .badTopic), ([1, 0xFF], .badTopic),
            ([2, 0xC2, 0x85], .badTopic),
            ([9] + Array("unicast/x".utf8), .badTopic),
        ] as [([UInt8], ErrorCode)]
    )
    func badBinary(bytes: [UInt8], code: ErrorCode) throws {
        let hub = HubHarness()
        let (client, other) = (hub.connect(), hub.connect())
        client.send(bytes)
        hub.tick()
        let error = try parseError(#require(client.takeTexts().first))
        #expect(error.data.code == code.rawValue)
        #expect(error.data.messageType == "publish")
        #expect(error.id == 0)
        #expect(other.take().isEmpty)
        let commands = hub.snapshot().commands
        #expect(commands.received(.binary) == 1)
        #expect(commands.errors(.binary, code) == 1)
        #expect(hub.snapshot().publishes[Int(DeliveryScope.topic.rawValue)] == 0)
    }
}
