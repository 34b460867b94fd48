// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("The outer object of a message")
struct ProtocolMessageTests {
    typealias Message = ProtocolProbe.Message

    @Test(
        "is read, whatever the order and the white space, and with only a type",
        arguments: [
            (
                #"{"message_id":7,"message_type":"ping","data":{"a":1},"ts":1700000000000}"#,
                Message(messageID: 7, type: "ping", knownType: .ping, data: #"{"a":1}"#, timestamp: 1_700_000_000_000)
            ),
            (
                "\n{ \"ts\" : 5 ,\t\"data\" : [ 1 ] , \"message_type\" : \"publish\" , \"message_id\" : -3 }\n",
                Message(messageID: -3, type: "publish", knownType: .publish, data: "[ 1 ]", timestamp: 5)
            ),
            (#"{"message_type":"ping"}"#, Message(type: "ping", knownType: .ping)),
            (#"{"message_type":"ping","data":null}"#, Message(type: "ping", knownType: .ping, data: "null")),
            (#"{"message_type":"other","message_id":0}"#, Message(type: "other")),
            (#"{"message_type":""}"#, Message()),
            (#"{"message_type":"p\u0069ng"}"#, Message(type: "ping", knownType: .ping)),
            (#"{"message\u005ftype":"ping","d\u0061ta":1}"#, Message(type: "ping", knownType: .ping, data: "1")),
            (#"{"message_type":"Ping","MESSAGE_ID":"x","Ts":null}"#, Message(type: "Ping")),
            (
                #"{"message_type":"ping","message_id":9223372036854775807,"ts":-9223372036854775808}"#,
                Message(messageID: .max, type: "ping", knownType: .ping, timestamp: .min)
            ),
            (
                #"{"x":{"message_type":1},"message_type":"ping","y":[],"x":1,"ts_":"","data_":2}"#,
                Message(type: "ping", knownType: .ping)
            ),
            (
                #"{"message_type":"ping","data":{"message_type":"pong","data":{},"data":1e400,"ts":"x"}}"#,
                Message(
                    type: "ping",
                    knownType: .ping,
                    data: #"{"message_type":"pong","data":{},"data":1e400,"ts":"x"}"#
                )
            ),
        ]
    )
    func reads(text: String, message: Message) {
        #expect(ProtocolProbe.message(text.utf8) == .success(message))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let reason: String
        var type: String?
        var id: Int64 = 0
        var testDescription: String { text }

        init(_ text: String, _ reason: String, type: String? = nil, id: Int64 = 0) {
            (self.text, self.reason, self.type, self.id) = (text, reason, type, id)
        }
    }

    static let integer = "must be an integer of 64 bits"
    static let refusals = [
        Refusal("", "the text ends too early at byte 0"),
        Refusal("hello", "an unexpected character at byte 0"),
        Refusal("[]", "not an object at byte 0"),
        Refusal("\"ping\"", "not an object at byte 0"),
        Refusal("{}", "\"message_type\" is missing"),
        Refusal(#"{"message_id":4,"data":1}"#, "\"message_type\" is missing", id: 4),
        Refusal(#"{"message_type":null,"message_id":4}"#, "\"message_type\" must be a string", id: 4),
        Refusal(#"{"message_type":7}"#, "\"message_type\" must be a string"),
        Refusal(#"{"message_type":["ping"]}"#, "\"message_type\" must be a string"),
        Refusal(#"{"message_id":"4","message_type":"ping"}"#, "\"message_id\" \(integer)", type: "ping"),
        Refusal(#"{"message_id":4.0,"message_type":"ping"}"#, "\"message_id\" \(integer)", type: "ping"),
        Refusal(#"{"message_id":4e0,"message_type":"ping"}"#, "\"message_id\" \(integer)", type: "ping"),
        Refusal(#"{"message_id":null,"message_type":"ping"}"#, "\"message_id\" \(integer)", type: "ping"),
        Refusal(#"{"message_id":9223372036854775808,"message_type":"a"}"#, "\"message_id\" \(integer)", type: "a"),
        Refusal(#"{"message_id":-9223372036854775809,"message_type":"a"}"#, "\"message_id\" \(integer)", type: "a"),
        Refusal(#"{"ts":"now","message_type":"ping","message_id":3}"#, "\"ts\" \(integer)", type: "ping", id: 3),
        Refusal(#"{"ts":1.5,"message_type":"ping","message_id":3}"#, "\"ts\" \(integer)", type: "ping", id: 3),
        Refusal(#"{"ts":null,"message_type":"ping"}"#, "\"ts\" \(integer)", type: "ping"),
        Refusal(#"{"message_type":"a","message_type":"a"}"#, "\"message_type\" is there twice", type: "a"),
        Refusal(#"{"message_type":"a","message_typ\u0065":"b"}"#, "\"message_type\" is there twice", type: "a"),
        Refusal(#"{"message_type":1,"message_type":"b"}"#, "\"message_type\" must be a string"),
        Refusal(
            #"{"message_id":1,"message_type":"a","message_id":2}"#,
            "\"message_id\" is there twice",
            type: "a",
            id: 1
        ),
        Refusal(#"{"data":1,"message_type":"a","data":2}"#, "\"data\" is there twice", type: "a"),
        Refusal(#"{"ts":1,"ts":2,"message_type":"a","message_id":5}"#, "\"ts\" is there twice", type: "a", id: 5),
        Refusal(
            #"{"message_type":"a","message_id":5,"data":{"x"}}"#,
            "an unexpected character at byte 46",
            type: "a",
            id: 5
        ),
        Refusal(#"{"message_type":"a","message_id":5"#, "the text ends too early at byte 34", type: "a", id: 5),
        Refusal(#"{"message_type":"a"}{"message_type":"b"}"#, "something after the end at byte 20", type: "a"),
        Refusal(#"{"message_type":"a","x":"\ud800"}"#, "a lone surrogate at byte 25", type: "a"),
        Refusal(#"{"message_type":"a","x":01}"#, "not a JSON number at byte 24", type: "a"),
        Refusal(
            "{\"message_type\":\"\(String(repeating: "é", count: 32))\",\"ts\":0.1}",
            "\"ts\" \(integer)",
            type: String(repeating: "é", count: 32)
        ),
        Refusal("{\"message_type\":\"\(String(repeating: "a", count: 65))\",\"ts\":0.1}", "\"ts\" \(integer)"),
    ]

    @Test("is refused with the reason, and with the id and the type as far as they were readable", arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        let error = try #require(ProtocolProbe.message(refusal.text.utf8).failure)
        let expected = MessageError(.badMessage, refusal.reason, messageType: refusal.type, messageID: refusal.id)
        #expect(error == expected)
    }

    @Test("is refused when it is cut off anywhere")
    func truncations() {
        let text = Array(
            #" {"message_id":12,"message_type":"publish","data":{"topic":"a","payload":[1]},"ts":17} "#.utf8
        )
        for end in 0..<text.count - 1 {
            #expect(ProtocolProbe.message(text[..<end]).failure?.code == .badMessage, "the first \(end) bytes")
        }
        #expect(ProtocolProbe.message(text[..<(text.count - 1)]).failure == nil)
    }

    @Test("may hold data of 63 levels, and no more")
    func depth() {
        let message = { (levels: Int) in
            let data = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
            return ProtocolProbe.message("{\"message_type\":\"ping\",\"data\":\(data)}".utf8)
        }
        #expect(message(63).failure == nil)
        #expect(message(64).failure?.reason == "nested too deeply at byte 93")
    }

    @Test("of bytes that nobody has checked is refused unless it is UTF-8")
    func unchecked() {
        let text = Array("{\"message_type\":\"ping\",\"data\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        let error = ProtocolProbe.reading(text) { (bytes) throws(MessageError) in
            _ = try ClientMessage.parse(bytes, as: .untrusted)
        }.failure
        #expect(error == MessageError(.badMessage, "not UTF-8 at byte 31"))
    }

    @Test("carries random data through, byte for byte", arguments: 1...40 as ClosedRange<UInt64>)
    func preserves(seed: UInt64) {
        var random = JSONRandom(seed: seed)
        for _ in 0..<20 {
            let data = String(decoding: random.document().utf8.filter { !" \t\r\n".utf8.contains($0) }, as: UTF8.self)
            let text = "{\"message_type\":\"ping\",\"data\": \(data) ,\"message_id\":1}"
            let message = Message(messageID: 1, type: "ping", knownType: .ping, data: data)
            #expect(ProtocolProbe.message(text.utf8) == .success(message))
        }
    }

    @Test("without data is refused by who needs it, in the message's name")
    func requiredData() {
        let parse = { (text: String) in
            ProtocolProbe.reading(text.utf8) { (bytes) throws(MessageError) in
                let message = try ClientMessage.parse(bytes)
                return String(decoding: try message.requiredData(in: bytes), as: UTF8.self)
            }
        }
        let missing = MessageError(.badMessage, "\"data\" is missing", messageType: "publish", messageID: 9)
        #expect(parse(#"{"message_type":"publish","message_id":9}"#) == .failure(missing))
        #expect(parse(#"{"message_type":"publish","message_id":9,"data": [1] }"#) == .success("[1]"))
    }

    @Test("names itself in errors only as long as its type is short")
    func answering() {
        let answer = { (type: String) in
            ProtocolProbe.reading("{\"message_id\":6,\"message_type\":\"\(type)\"}".utf8) {
                (bytes) throws(MessageError) in
                MessageError(.unknownType, "no").answering(try ClientMessage.parse(bytes))
            }
        }
        let longest = String(repeating: "a", count: 64)
        let named = { MessageError(.unknownType, "no", messageType: $0, messageID: 6) }
        #expect(answer("dance") == .success(named("dance")))
        #expect(answer("d\\u0061nce") == .success(named("dance")))
        #expect(answer(longest) == .success(named(longest)))
        #expect(answer(longest + "a") == .success(named(nil)))
        #expect(answer(String(repeating: "\\u0061", count: 64)) == .success(named(longest)))
        #expect(answer(String(repeating: "\\u0061", count: 65)) == .success(named(nil)))
        #expect(answer(String(repeating: "a", count: 100_000)) == .success(named(nil)))
    }

    @Test("has a known type only by its exact name", arguments: MessageType.allCases)
    func knownTypes(type: MessageType) {
        let name = type.rawValue
        let known = { (text: String) in
            (try? ProtocolProbe.message("{\"message_type\":\"\(text)\"}".utf8).get())?.knownType
        }
        #expect(known(name) == type)
        #expect(known(name.utf8.map { "\\u00" + String($0, radix: 16) }.joined()) == type)
        for other in [name.uppercased(), name + " ", " " + name, name + "x", String(name.dropLast()), name + "\\u0000"]
        {
            #expect(known(other) != type)
        }
        for index in name.indices {
            var other = name
            other.replaceSubrange(index...index, with: "~")
            #expect(known(other) == nil)
        }
    }
}
