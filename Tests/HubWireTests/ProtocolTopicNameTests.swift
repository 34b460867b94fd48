// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Names of topics")
struct ProtocolTopicNameTests {
    @Test(
        "may be any text of 1 to 255 bytes",
        arguments: [
            "a", " ", "rooms/1", "with spaces and \"quotes\"", "日本語", "🎉", "*", "~", "\u{A0}", "\u{A1}", "é", "\u{301}",
            "~~~~~~~\u{A0}", "\u{FEFF}", "\u{2028}", String(repeating: "a", count: 255),
            String(repeating: "é", count: 127),
            "broadcast", "unicast/x", "unicast", "12345678", "123456789",
        ]
    )
    func accepts(text: String) throws {
        let name = try TopicName(text)
        #expect(name.text == text)
        #expect(name.description == text)
    }

    @Test(
        "are refused when too short or too long",
        arguments: [
            ("", "a topic has one byte at least"),
            (String(repeating: "a", count: 256), "a topic has 255 bytes at most"),
            (String(repeating: "é", count: 128), "a topic has 255 bytes at most"),
        ]
    )
    func refusesLengths(text: String, reason: String) {
        #expect(throws: MessageError(.badTopic, reason)) { try TopicName(text) }
    }

    @Test(
        "are refused with a control character anywhere",
        arguments: Array(0..<0x20) + Array(0x7F...0x9F) as [UInt32],
        ["", "a", "1234567", "12345678", "é", "1234567é"]
    )
    func refusesControls(value: UInt32, before: String) throws {
        let control = String(try #require(Unicode.Scalar(value)))
        let error = MessageError(.badTopic, "a topic has no control characters")
        for text in [before + control, control + before, before + control + "123456789"] {
            #expect(throws: error) { try TopicName(text) }
        }
    }

    @Test("are the same only if their bytes are")
    func equality() throws {
        let composed = try TopicName("caf\u{E9}")
        let decomposed = try TopicName("cafe\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(try composed == TopicName("caf\u{E9}"))
        #expect(Set([composed, decomposed, try TopicName("café")]).count == 2)
        #expect(try TopicName("a") != TopicName("b"))
        #expect(try TopicName("a-longer-name/1") != TopicName("a-longer-name/2"))
        #expect(try TopicName("a-longer-name") != TopicName("a-longer-name/2"))
    }

    @Test(
        "know their scope",
        arguments: [
            ("a", false, false), ("broadcast", true, false), ("broadcasts", false, false), ("broadcas", false, false),
            ("Broadcast", false, false), ("broadcast/", false, false), ("unicast", false, false),
            ("unicast/", false, true),
            ("unicast/c", false, true), ("unicast/\u{301}", false, true), ("unicasts/c", false, false),
            ("/unicast/c", false, false),
        ]
    )
    func scopes(text: String, isBroadcast: Bool, isUnicast: Bool) throws {
        let name = try TopicName(text)
        #expect(name.isBroadcast == isBroadcast)
        #expect(name.isUnicast == isUnicast)
        #expect((try? name.subscribable()) == (isBroadcast || isUnicast ? nil : name))
        #expect((try? name.publishable()) == (isUnicast ? nil : name))
    }

    @Test("of every client and of one client are reserved")
    func reserved() throws {
        #expect(TopicName.broadcast.isBroadcast)
        #expect(try TopicName.unicast(to: "c1").text == "unicast/c1")
        #expect(try TopicName.unicast(to: "c1").isUnicast)
        #expect(try TopicName.unicast(to: String(repeating: "c", count: 247)).text.utf8.count == 255)
        for id in ["", String(repeating: "c", count: 248), "c\u{7F}"] {
            #expect(throws: MessageError(.clientNotFound, "no client can have this id")) {
                try TopicName.unicast(to: id)
            }
        }
    }
}

@Suite("Binary messages")
struct ProtocolBinaryTests {
    static func parse(_ bytes: [UInt8]) -> Result<String, MessageError> {
        ProtocolProbe.reading(bytes) { (bytes) throws(MessageError) in
            let publish = try BinaryPublish.parse(bytes)
            return "\(publish.topic)|\(bytes[publish.payload].map(String.init).joined(separator: ","))"
        }
    }

    @Test(
        "are a topic's length, the topic, and bytes",
        arguments: [
            ([1, 0x61, 7, 0, 255], "a|7,0,255"), ([1, 0x61], "a|"), ([2, 0xC3, 0xA9, 0], "é|0"),
            ([9] + Array("broadcast".utf8) + [1], "broadcast|1"),
            ([255] + Array(repeating: 0x61, count: 255), String(repeating: "a", count: 255) + "|"),
        ] as [([UInt8], String)]
    )
    func reads(bytes: [UInt8], value: String) {
        #expect(Self.parse(bytes) == .success(value))
    }

    @Test(
        "are refused as a publish, with the code of their defect",
        arguments: [
            ([], .badMessage), ([1], .badMessage), ([3, 0x61, 0x62], .badMessage),
            ([255] + Array(repeating: 0x61, count: 254), .badMessage), ([0], .badTopic), ([0, 1, 2], .badTopic),
            ([1, 0xFF], .badTopic), ([1, 0xC3, 0xA9], .badTopic), ([3, 0xED, 0xA0, 0x80], .badTopic),
            ([1, 0], .badTopic),
            ([1, 0x7F, 1], .badTopic), ([2, 0xC2, 0x85], .badTopic), ([9] + Array("unicast/c".utf8), .badTopic),
        ] as [([UInt8], ErrorCode)]
    )
    func refuses(bytes: [UInt8], code: ErrorCode) throws {
        let error = try #require(Self.parse(bytes).failure)
        #expect(error.code == code)
        #expect(error.messageType == "publish")
        #expect(error.messageID == 0)
    }

    @Test("are the same after writing and reading them", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrips(seed: UInt64) throws {
        var random = JSONRandom(seed: seed)
        for _ in 0..<20 {
            guard let topic = try? TopicName(random.text()).publishable() else { continue }
            let payload = (0..<random.below(100)).map { _ in UInt8(random.below(256)) }
            var bytes: [UInt8] = []
            payload.withUnsafeBytes { BinaryPublish.append(topic: topic, payload: $0, to: &bytes) }
            #expect(Self.parse(bytes) == .success("\(topic)|\(payload.map(String.init).joined(separator: ","))"))
        }
    }
}
