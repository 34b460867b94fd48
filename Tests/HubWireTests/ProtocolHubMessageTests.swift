// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("The messages of the hub, and of our own clients")
struct ProtocolHubMessageTests {
    static let written: [(text: String, expected: String)] = [
        (
            ProtocolProbe.written { bytes in
                HubMessage.welcome(
                    clientID: "c\"1",
                    nodeID: "n1",
                    version: "1.0",
                    pingIntervalMilliseconds: 25_000,
                    maxMessageBytes: 1_048_576,
                    maxPayloadBytes: 1_047_000,
                    timestamp: 17,
                    to: &bytes
                )
            },
            #"{"message_id":0,"message_type":"welcome","data":{"client_id":"c\"1","node_id":"n1","version":"1.0","#
                + #""ping_interval_ms":25000,"max_message_bytes":1048576,"max_payload_bytes":1047000},"ts":17}"#
        ),
        (
            ProtocolProbe.written { HubMessage.draining(retryAfterMilliseconds: 1500, timestamp: 17, to: &$0) },
            #"{"message_id":0,"message_type":"draining","data":{"retry_after_ms":1500},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending("[ 1.0 ]") { HubMessage.pong(data: $0, messageID: 5, timestamp: 17, to: &bytes) }
            },
            #"{"message_id":5,"message_type":"pong","data":[ 1.0 ],"ts":17}"#
        ),
        (
            ProtocolProbe.written { HubMessage.pong(data: nil, messageID: -5, timestamp: -17, to: &$0) },
            #"{"message_id":-5,"message_type":"pong","data":null,"ts":-17}"#
        ),
        (
            ProtocolProbe.written { HubMessage.subscribed(topic: "a\n", messageID: 5, timestamp: 17, to: &$0) },
            #"{"message_id":5,"message_type":"subscribed","data":{"topic":"a\n"},"ts":17}"#
        ),
        (
            ProtocolProbe.written { HubMessage.unsubscribed(topic: "a", messageID: 5, timestamp: 17, to: &$0) },
            #"{"message_id":5,"message_type":"unsubscribed","data":{"topic":"a"},"ts":17}"#
        ),
        (
            ProtocolProbe.written { HubMessage.published(topic: "é", messageID: .min, timestamp: .max, to: &$0) },
            #"{"message_id":-9223372036854775808,"message_type":"published","data":{"topic":"é"},"ts":9223372036854775807}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending(#"{ "a" : 1e400 }"#) { payload in
                    HubMessage.message(topic: "a\"b", payload: payload, from: "c\\1", timestamp: 17, to: &bytes)
                }
            },
            #"{"message_id":0,"message_type":"message","data":{"topic":"a\"b","payload":{ "a" : 1e400 },"from":"c\\1"},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                let error = MessageError(.badTopic, "no \"such\"", messageType: "publish", messageID: 9)
                HubMessage.error(error, timestamp: 17, to: &bytes)
            },
            #"{"message_id":9,"message_type":"error","data":{"code":"bad_topic","reason":"no \"such\"","#
                + #""message_type":"publish"},"ts":17}"#
        ),
        (
            ProtocolProbe.written { HubMessage.error(MessageError(.badMessage, "x"), timestamp: 17, to: &$0) },
            #"{"message_id":0,"message_type":"error","data":{"code":"bad_message","reason":"x","message_type":""},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending("1") { ClientRequest.ping(data: $0, messageID: 1, timestamp: 17, to: &bytes) }
            },
            #"{"message_id":1,"message_type":"ping","data":1,"ts":17}"#
        ),
        (
            ProtocolProbe.written { ClientRequest.subscribe(topic: "a", messageID: 1, timestamp: 17, to: &$0) },
            #"{"message_id":1,"message_type":"subscribe","data":{"topic":"a"},"ts":17}"#
        ),
        (
            ProtocolProbe.written { ClientRequest.unsubscribe(topic: "a", messageID: 1, timestamp: 17, to: &$0) },
            #"{"message_id":1,"message_type":"unsubscribe","data":{"topic":"a"},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending("{ }") { payload in
                    ClientRequest.publish(topic: "a", payload: payload, messageID: 1, timestamp: 17, to: &bytes)
                }
            },
            #"{"message_id":1,"message_type":"publish","data":{"topic":"a","payload":{ }},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending("1") { payload in
                    ClientRequest.publish(
                        topic: "a",
                        payload: payload,
                        echo: false,
                        confirm: true,
                        messageID: 1,
                        timestamp: 17,
                        to: &bytes
                    )
                }
            },
            #"{"message_id":1,"message_type":"publish","data":{"topic":"a","payload":1,"echo":false,"confirm":true},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending("1") {
                    ClientRequest.broadcast(payload: $0, messageID: 1, timestamp: 17, to: &bytes)
                }
            },
            #"{"message_id":1,"message_type":"broadcast","data":{"payload":1},"ts":17}"#
        ),
        (
            ProtocolProbe.written { bytes in
                ProtocolProbe.lending("1") { payload in
                    ClientRequest.unicast(clientID: "c1", payload: payload, messageID: 1, timestamp: 17, to: &bytes)
                }
            },
            #"{"message_id":1,"message_type":"unicast","data":{"client_id":"c1","payload":1},"ts":17}"#
        ),
    ]

    @Test("are written as they are documented, byte for byte", arguments: written)
    func texts(text: String, expected: String) {
        #expect(text == expected)
    }

    @Test("are read back by the other side", arguments: written)
    func readBack(text: String, expected: String) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            let message = try ClientMessage.parse(bytes)
            let data = try message.requiredData(in: bytes)
            switch try #require(message.knownType) {
            case .welcome:
                let welcome = try WelcomeData.parse(data)
                #expect([welcome.clientID, welcome.nodeID, welcome.version] == ["c\"1", "n1", "1.0"])
                #expect([welcome.pingIntervalMilliseconds, welcome.maxMessageBytes] == [25_000, 1_048_576])
                #expect(welcome.maxPayloadBytes == 1_047_000)
            case .draining: #expect(try DrainingData.parse(data).retryAfterMilliseconds == 1500)
            case .subscribed: #expect(try TopicData.parse(data).topic == "a\n")
            case .unsubscribed: #expect(try TopicData.parse(data).topic == "a")
            case .published: #expect(try TopicData.parse(data).topic == "é")
            case .message:
                let delivery = try DeliveryData.parse(data)
                #expect(delivery.topic == "a\"b")
                #expect(delivery.from == "c\\1")
                #expect(String(decoding: data[delivery.payload], as: UTF8.self) == #"{ "a" : 1e400 }"#)
            case .error:
                let error = try ErrorData.parse(data)
                #expect(error.knownCode != nil)
                #expect(["publish", ""].contains(error.messageType))
            case .subscribe, .unsubscribe: #expect(try TopicRequest.parse(data).topic == "a")
            case .publish: #expect(try PublishRequest.parse(data).topic == "a")
            case .broadcast: #expect(try BroadcastRequest.parse(data).payload.count == 1)
            case .unicast: #expect(try UnicastRequest.parse(data).clientID == "c1")
            case .ping, .pong: break
            }
        }
    }

    @Test("are all of the protocol's types but none other")
    func types() {
        let types = Self.written.compactMap { try? ProtocolProbe.message($0.text.utf8).get().knownType }
        #expect(types.count == Self.written.count)
        #expect(Set(types) == Set(MessageType.allCases))
    }

    @Test("a message with encoded names is the same as with text, of the size that was announced")
    func encodedNames() {
        var random = JSONRandom(seed: 7)
        for _ in 0..<200 {
            let (topic, from, payload) = (random.text(), random.text(), random.document())
            let id = Int64(bitPattern: random.next()) >> Int64(random.below(64))
            let time = Int64(bitPattern: random.next()) >> Int64(random.below(64))
            ProtocolProbe.lending(payload) { payload in
                var (encoded, plain): ([UInt8], [UInt8]) = (Array("before".utf8), Array("before".utf8))
                HubMessage.message(
                    topic: EncodedString(topic),
                    payload: payload,
                    from: EncodedString(from),
                    messageID: id,
                    timestamp: time,
                    to: &encoded
                )
                HubMessage.message(
                    topic: topic,
                    payload: payload,
                    from: from,
                    messageID: id,
                    timestamp: time,
                    to: &plain
                )
                #expect(encoded == plain)
                #expect(encoded.prefix(6).elementsEqual("before".utf8))
                let count = HubMessage.messageByteCount(
                    topic: EncodedString(topic),
                    payloadByteCount: payload.count,
                    from: EncodedString(from),
                    messageID: id,
                    timestamp: time
                )
                #expect(count == encoded.count - 6)
                #expect(JSONProbe.fault(encoded.dropFirst(6)) == nil)
            }
        }
    }

    @Test(
        "answers encoded names like text",
        arguments: ["a", "a\"b\u{1}", "é", String(repeating: "x", count: 255)]
    )
    func encodedAnswers(topic: String) {
        let encoded = EncodedString(topic)
        let answers: [(String, String)] = [
            (
                ProtocolProbe.written { HubMessage.subscribed(topic: encoded, messageID: 1, timestamp: 2, to: &$0) },
                ProtocolProbe.written { HubMessage.subscribed(topic: topic, messageID: 1, timestamp: 2, to: &$0) }
            ),
            (
                ProtocolProbe.written { HubMessage.unsubscribed(topic: encoded, messageID: 1, timestamp: 2, to: &$0) },
                ProtocolProbe.written { HubMessage.unsubscribed(topic: topic, messageID: 1, timestamp: 2, to: &$0) }
            ),
            (
                ProtocolProbe.written { HubMessage.published(topic: encoded, messageID: 1, timestamp: 2, to: &$0) },
                ProtocolProbe.written { HubMessage.published(topic: topic, messageID: 1, timestamp: 2, to: &$0) }
            ),
        ]
        for (encoded, plain) in answers { #expect(encoded == plain && encoded != "not JSON") }
    }

    @Test(
        "are refused by clients with what is missing or wrong",
        arguments: [
            (
                .welcome,
                #"{"node_id":"n","version":"1","ping_interval_ms":1,"max_message_bytes":1,"max_payload_bytes":1}"#,
                "client_id"
            ),
            (
                .welcome,
                #"{"client_id":"c","version":"1","ping_interval_ms":1,"max_message_bytes":1,"max_payload_bytes":1}"#,
                "node_id"
            ),
            (
                .welcome,
                #"{"client_id":"c","node_id":"n","ping_interval_ms":1,"max_message_bytes":1,"max_payload_bytes":1}"#,
                "version"
            ),
            (
                .welcome, #"{"client_id":"c","node_id":"n","version":"1","max_message_bytes":1,"max_payload_bytes":1}"#,
                "ping_interval_ms"
            ),
            (
                .welcome, #"{"client_id":"c","node_id":"n","version":"1","ping_interval_ms":1,"max_payload_bytes":1}"#,
                "max_message_bytes"
            ),
            (
                .welcome, #"{"client_id":"c","node_id":"n","version":"1","ping_interval_ms":1,"max_message_bytes":1}"#,
                "max_payload_bytes"
            ),
            (.welcome, #"{"client_id":1}"#, "client_id"), (.welcome, #"{"ping_interval_ms":"1"}"#, "ping_interval_ms"),
            (.draining, "{}", "retry_after_ms"), (.draining, #"{"retry_after_ms":1.5}"#, "retry_after_ms"),
            (.subscribed, "{}", "topic"), (.subscribed, #"{"topic":null}"#, "topic"),
            (.message, #"{"payload":1,"from":"c"}"#, "topic"), (.message, #"{"topic":"a","from":"c"}"#, "payload"),
            (.message, #"{"topic":"a","payload":1}"#, "from"),
            (.message, #"{"topic":"a","payload":1,"from":{}}"#, "from"),
            (.error, #"{"reason":"r","message_type":"t"}"#, "code"),
            (.error, #"{"code":"c","message_type":"t"}"#, "reason"),
            (.error, #"{"code":"c","reason":"r"}"#, "message_type"), (.error, #"{"code":7}"#, "code"),
        ] as [(MessageType, String, String)]
    )
    func refuses(type: MessageType, text: String, field: String) throws {
        let result = ProtocolProbe.reading(text.utf8) { (data) throws(MessageError) in
            switch type {
            case .welcome: _ = try WelcomeData.parse(data)
            case .draining: _ = try DrainingData.parse(data)
            case .message: _ = try DeliveryData.parse(data)
            case .error: _ = try ErrorData.parse(data)
            default: _ = try TopicData.parse(data)
            }
        }
        let error = try #require(result.failure)
        #expect(error.code == .badMessage)
        #expect(error.reason.hasPrefix("\"\(field)\" "))
    }

    @Test(
        "an answer tells whether other nodes are reached",
        arguments: [
            (#"{"topic":"a"}"#, true), (#"{"topic":"a","bus":"unavailable"}"#, false),
            (#"{"topic":"a","bus":"new"}"#, true),
        ]
    )
    func reach(text: String, isReachable: Bool) throws {
        let parsed = ProtocolProbe.reading(text.utf8) { (data) throws(MessageError) in try TopicData.parse(data) }
        #expect(try parsed.get().isReachable == isReachable)
    }

    @Test("an error of a later version keeps its code as text")
    func unknownCode() throws {
        let text = #"{"code":"new","reason":"r","message_type":"t","extra":1}"#
        let parsed = ProtocolProbe.reading(text.utf8) { (data) throws(MessageError) in try ErrorData.parse(data) }
        let error = try parsed.get()
        #expect(error.code == "new")
        #expect(error.knownCode == nil)
    }

    @Test("the error codes are the closed set of the protocol")
    func errorCodes() {
        let codes: Set = [
            "bad_message", "unknown_type", "bad_topic", "too_large", "client_not_found", "send_buffer_full",
            "too_many", "node_full", "not_allowed",
            "rate_limited", "bus_unavailable", "internal",
        ]
        #expect(Set(ErrorCode.allCases.map(\.rawValue)) == codes)
    }
}
