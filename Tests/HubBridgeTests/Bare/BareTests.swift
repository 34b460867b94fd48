// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubTesting
import HubWire
import Testing

/// Payloads of programs that are no nodes.
@Suite("Bare payloads")
struct BareTests {
    let harness = BridgeHarness()

    /// A node whose client is subscribed to `news`.
    private func node(
        settings: BridgeSettings = BridgeSettings(),
        link: BusLink.Settings = BusLink.Settings(),
        hub: HubSettings = HubSettings()
    ) -> (BridgeHarness.Node, FakeClient) {
        let node = harness.serve("a", settings: settings, link: link, hub: hub)
        let client = node.hub.connect()
        client.askSubscribe()
        harness.settle()
        _ = client.take()
        return (node, client)
    }

    private func publish(_ bytes: [UInt8], to topic: BusTopic) {
        harness.broker.publishBare(bytes, to: topic)
        harness.settle()
    }

    private func publish(_ text: String, to topic: BusTopic) { publish(Array(text.utf8), to: topic) }

    @Test(
        "JSON is delivered as it is, and other text as a JSON string",
        arguments: [
            (#"{ "a" : 1.0 }"#, #"{ "a" : 1.0 }"#), ("7", "7"), ("\"x\"", "\"x\""), (" null ", " null "),
            ("hello", "\"hello\""), ("say \"é\"\n", #""say \"é\"\n""#), ("", "\"\""), ("{", "\"{\""),
        ]
    )
    func text(payload: String, delivered: String) {
        let (node, client) = node()
        let unicast = "unicast/\(client.id)"
        for (topic, name) in [("broadcast", "broadcast"), ("topic/news", "news"), (unicast, unicast)] {
            publish(payload, to: topic.busTopic)
            let text = client.takeTexts().first ?? ""
            #expect(
                text.contains(
                    #""message_type":"message","data":{"topic":"\#(name)","payload":\#(delivered),"from":"bus"}"#
                )
            )
        }
        #expect(node.bus("bare_received_total") == 3)
        #expect(node.hub.imbalance() == nil)
    }

    @Test(
        "JSON that is nested deeper than a client can read in a message is delivered as a string",
        arguments: [62, 63, 64]
    )
    func deep(levels: Int) throws {
        let (_, client) = node()
        let payload = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        publish(payload, to: .broadcast)
        let text = try #require(client.takeTexts().first)
        #expect(throws: Never.self) { try Array(text.utf8).withUnsafeBytes { try JSONReader.validate($0) } }
        #expect(text.contains(levels == 62 ? #""payload":\#(payload),"# : #""payload":"\#(payload)","#))
    }

    @Test("what is no text is a binary frame that names its topic")
    func binary() {
        let (node, client) = node()
        let unicast = "unicast/\(client.id)"
        for (topic, name) in [("broadcast", "broadcast"), ("topic/news", "news"), (unicast, unicast)] {
            publish([0xFE, 0, 1], to: topic.busTopic)
            #expect(client.take() == [.binary([UInt8(name.utf8.count)] + Array(name.utf8) + [0xFE, 0, 1])])
        }
        #expect(node.bus("bare_received_total") == 3)
    }

    @Test("a client of whichever node gets what is for it alone, in either case of letters")
    func everyNode() {
        let nodes = [harness.serve("a"), harness.serve("b", shards: 2)]
        let (receiver, other) = (nodes[1].hub.connect(to: 1), nodes[0].hub.connect())
        publish("1", to: .broadcast)
        publish("2", to: "unicast/\(receiver.id.description.uppercased())".busTopic)
        publish("3", to: .broadcast)
        #expect(receiver.takeNews().sorted() == ["1", "2", "3"])
        #expect(other.takeNews() == ["1", "3"])
        #expect(nodes.allSatisfy { $0.bus("bare_received_total") == 3 })
    }

    @Test("what is for nobody here goes nowhere; what is for no client at all is dropped and counted")
    func nobody() {
        let (node, client) = node()
        publish("1", to: "unicast/0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11".busTopic)
        #expect(node.bus("inbound_dropped_total", ["reason": "decode"]) == 0)
        publish("1", to: "unicast/nobody".busTopic)
        #expect(node.bus("inbound_dropped_total", ["reason": "decode"]) == 1)
        #expect(client.takeNews() == [])
    }

    @Test("more bytes than a message may have are dropped and counted, before and after the hub's own text is added")
    func tooLarge() {
        var (settings, link) = (BridgeSettings(), BusLink.Settings())
        (settings.maxMessageBytes, link.maxBareBytes) = (300, 200)
        let (node, client) = node(settings: settings, link: link)
        publish(String(repeating: "1", count: 100), to: .broadcast)
        #expect(client.takeNews().count == 1)
        publish(String(repeating: "1", count: 201), to: .broadcast)
        publish(String(repeating: "\"", count: 200), to: .broadcast)
        #expect(client.takeNews() == [])
        #expect(node.bus("inbound_dropped_total", ["reason": "too_large"]) == 2)
    }

    @Test("on the channels of nodes they are dropped and counted", arguments: ["nodes", "node/a"])
    func refused(topic: String) {
        let (node, client) = node()
        publish("1", to: topic.busTopic)
        #expect(client.takeNews() == [])
        #expect(node.bus("inbound_dropped_total", ["reason": "bare_refused"]) == 1)
        #expect(node.bus("bare_received_total") == 0)
    }

    @Test("a node that takes none drops and counts them all", arguments: ["broadcast", "topic/news", "unicast/x"])
    func notAccepted(topic: String) {
        var link = BusLink.Settings()
        link.acceptsBare = false
        let (node, client) = node(link: link)
        publish("1", to: topic.busTopic)
        #expect(client.takeNews() == [])
        #expect(node.bus("inbound_dropped_total", ["reason": "bare_refused"]) == 1)
    }

    @Test("what a client's full queue has no room for is dropped and counted")
    func full() {
        var hub = HubSettings()
        hub.queue = QueueLimits(messages: 1)
        let (node, client) = node(hub: hub)
        client.block()
        for _ in 0..<4 { publish("1", to: "unicast/\(client.id)".busTopic) }
        #expect(node.bus("inbound_dropped_total", ["reason": "queue_full"]) >= 1)
        #expect(node.hub.imbalance() == nil)
    }

    @Test("an envelope of another version is dropped and counted apart")
    func version() {
        let (node, client) = node()
        var bytes = Stranger(harness).encode(.init(.publication, to: .broadcast), [0x31])
        bytes[4] = 2
        publish(bytes, to: .broadcast)
        #expect(client.takeNews() == [])
        #expect(node.bus("inbound_dropped_total", ["reason": "unknown_version"]) == 1)
        #expect(node.bus("bare_received_total") == 0)
    }
}
