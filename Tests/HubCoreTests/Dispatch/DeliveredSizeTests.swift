// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

@Suite("How large what is delivered may be")
struct DeliveredSizeTests {
    private static let limit = 4096
    private static let welcome = Dispatcher.Welcome(
        version: "1.2.3",
        pingIntervalMilliseconds: 25_000,
        maxMessageBytes: limit
    )

    private func harness() -> HubHarness { HubHarness(shards: 2, receiver: Dispatcher(welcome: Self.welcome)) }

    private enum Scope: String, CaseIterable, Sendable { case publish, broadcast, unicast }

    /// A request to send a JSON string of so many bytes, its quotes included.
    private func request(_ scope: Scope, _ bytes: Int, topic: String = "a", to client: FakeClient) -> String {
        let payload = "\"" + String(repeating: "x", count: bytes - 2) + "\""
        let data =
            switch scope {
            case .publish: #"{"topic":"\#(topic)","payload":\#(payload)}"#
            case .broadcast: #"{"payload":\#(payload)}"#
            case .unicast: #"{"client_id":"\#(client.id)","payload":\#(payload)}"#
            }
        return #"{"message_id":1,"message_type":"\#(scope.rawValue)","data":\#(data)}"#
    }

    @Test(
        "up to the limit to the byte it is delivered, and one byte more is too_large with both numbers",
        arguments: Scope.allCases
    )
    private func edge(scope: Scope) throws {
        let hub = harness()
        let (sender, receiver) = (hub.connect(), hub.connect(to: 1))
        receiver.send(#"{"message_type":"subscribe","data":{"topic":"a"}}"#)
        sender.send(request(scope, 100, to: receiver))
        hub.tick()
        let sample = try #require(receiver.takeTexts().last)
        _ = sender.takeTexts()
        let fits = 100 + Self.limit - sample.utf8.count
        sender.send(request(scope, fits, to: receiver))
        hub.tick()
        #expect(receiver.takeTexts().map(\.utf8.count) == [Self.limit])
        #expect(sender.takeTexts().contains { $0.contains(#""message_type":"published""#) })

        sender.send(request(scope, fits + 1, to: receiver))
        hub.tick()
        #expect(receiver.takeTexts().isEmpty)
        let reason = "with the hub's own text the message has 4097 bytes, and 4096 are allowed"
        #expect(sender.takeTexts() == [failure(1, "too_large", reason, scope.rawValue)])
        hub.expectBalanced()
    }

    @Test(
        "a payload of max_payload_bytes is delivered whatever its topic, and as bytes too",
        arguments: ["a", String(repeating: "a", count: 255), String(repeating: #"\""#, count: 255)]
    )
    func reserve(topic: String) throws {
        let hub = harness()
        let (sender, receiver) = (hub.connect(), hub.connect(to: 1))
        receiver.send(#"{"message_type":"subscribe","data":{"topic":"\#(topic)"}}"#)
        _ = receiver.takeTexts()
        sender.send(request(.publish, Self.welcome.maxPayloadBytes, topic: topic, to: receiver))
        hub.tick()
        let texts = receiver.takeTexts().filter { $0.contains(#""message_type":"message""#) }
        #expect(texts.count == 1)
        #expect(try #require(texts.first).utf8.count <= Self.limit)
        // A binary frame has its topic's name and one byte more.
        #expect(Self.welcome.maxPayloadBytes + 256 <= Self.limit)
    }

    @Test("the reserve is what docs/protocol.md says, and holds the longest of everything")
    func overhead() {
        #expect(HubMessage.maxMessageOverhead == 673)
        #expect(Self.welcome.maxPayloadBytes == Self.limit - 673)
        let tiny = Dispatcher.Welcome(version: "", pingIntervalMilliseconds: 1, maxMessageBytes: 128)
        #expect(tiny.maxPayloadBytes == 0)
    }

    @Test("a pong that would be longer than the limit, though its ping is not, is too_large")
    func pong() {
        let hub = harness()
        let client = hub.connect()
        let empty = #"{"message_type":"ping","data":""}"#
        let data = String(repeating: "x", count: Self.limit - empty.utf8.count)
        client.send(#"{"message_type":"ping","data":"\#(data)"}"#)
        hub.tick()
        let reason = "with the hub's own text the message has 4130 bytes, and 4096 are allowed"
        #expect(client.takeTexts() == [failure(0, "too_large", reason, "ping")])
        client.send(#"{"message_type":"ping","data":"\#(data.dropLast(34))"}"#)
        hub.tick()
        #expect(client.takeTexts().map(\.utf8.count) == [Self.limit])
    }
}
