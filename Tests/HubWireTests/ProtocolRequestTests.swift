// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("The data of requests")
struct ProtocolRequestTests {
    /// Who reads data, and gives what it read as one line of text.
    enum Reader: Sendable, CaseIterable {
        case topic, publish, broadcast, unicast

        func read(_ text: String) -> Result<String, MessageError> {
            ProtocolProbe.reading(text.utf8) { (data) throws(MessageError) in
                let text = { (range: Range<Int>) in String(decoding: data[range], as: UTF8.self) }
                switch self {
                case .topic:
                    return try TopicRequest.parse(data).topic
                case .publish:
                    let request = try PublishRequest.parse(data)
                    let confirm = request.confirm ? "|confirm" : ""
                    return "\(request.topic)|\(text(request.payload))|\(request.echo)\(confirm)"
                case .broadcast:
                    let request = try BroadcastRequest.parse(data)
                    return text(request.payload) + (request.confirm ? "|confirm" : "")
                case .unicast:
                    let request = try UnicastRequest.parse(data)
                    return "\(request.clientID)|\(text(request.payload))"
                }
            }
        }
    }

    @Test(
        "are read",
        arguments: [
            (.topic, #"{"topic":"a"}"#, "a"),
            (.topic, " { \"x\" : [ ] , \"topic\" : \"rooms/\\u00e9\" , \"y\" : null } ", "rooms/é"),
            (.topic, #"{"t\u006fpic":"\"quoted\" \\"}"#, #""quoted" \"#),
            (.topic, #"{"topic":"broadcasts"}"#, "broadcasts"),
            (.topic, #"{"topic":"unicast"}"#, "unicast"),
            (.topic, #"{"topic":"Broadcast"}"#, "Broadcast"),
            (.publish, #"{"topic":"a","payload":1}"#, "a|1|true"),
            (.publish, #"{"payload": { "b" : 1.0 } ,"echo":false,"topic":"a"}"#, #"a|{ "b" : 1.0 }|false"#),
            (.publish, #"{"topic":"a","payload":null,"echo":true}"#, "a|null|true"),
            (
                .publish, #"{"topic":"a","payload":{"topic":1,"payload":2,"payload":3,"echo":4}}"#,
                #"a|{"topic":1,"payload":2,"payload":3,"echo":4}|true"#
            ),
            (.publish, #"{"topic":"broadcast","payload":""}"#, #"broadcast|""|true"#),
            (.publish, #"{"confirm":true,"topic":"a","payload":1}"#, "a|1|true|confirm"),
            (.publish, #"{"topic":"a","payload":1,"confirm":false,"echo":false}"#, "a|1|false"),
            (.broadcast, #"{"payload":{"confirm":true}}"#, #"{"confirm":true}"#),
            (.broadcast, #"{"payload":1,"confirm":true}"#, "1|confirm"),
            (.broadcast, #"{"confirm":false,"payload":1}"#, "1"),
            (.broadcast, #"{"payload":[1, 2]}"#, "[1, 2]"),
            (.broadcast, #"{"topic":7,"echo":"maybe","payload":0}"#, "0"),
            (.unicast, #"{"client_id":"c1","payload":{}}"#, "c1|{}"),
            (
                .unicast, #"{"payload":-1e5,"client_id":"0190b2c4-7d4e-7c3a-9f51-0123456789ab"}"#,
                "0190b2c4-7d4e-7c3a-9f51-0123456789ab|-1e5"
            ),
        ] as [(Reader, String, String)]
    )
    func reads(reader: Reader, text: String, value: String) {
        #expect(reader.read(text) == .success(value))
    }

    static let long = String(repeating: "a", count: 256)
    static let reserved = "this name is reserved"
    static let control = "a topic has no control characters"
    static func missing(_ name: String) -> String { "\"\(name)\" is missing in \"data\"" }
    static func double(_ name: String) -> String { "\"\(name)\" is there twice in \"data\"" }

    @Test(
        "are refused with the code and the reason of their defect",
        arguments: [
            // Topics.
            (.topic, "{}", .badMessage, missing("topic")),
            (.topic, #"{"Topic":"a"}"#, .badMessage, missing("topic")),
            (.topic, #"{"topic":1}"#, .badMessage, "\"topic\" must be a string"),
            (.topic, #"{"topic":null}"#, .badMessage, "\"topic\" must be a string"),
            (.topic, #"{"topic":["a"]}"#, .badMessage, "\"topic\" must be a string"),
            (.topic, #"{"topic":"a","topic":"a"}"#, .badMessage, double("topic")),
            (.topic, #"{"topic":"a","t\u006fpic":"b"}"#, .badMessage, double("topic")),
            (.topic, #"{"topic":""}"#, .badTopic, "a topic has one byte at least"),
            (.topic, #"{"topic":"\#(long)"}"#, .badTopic, "a topic has 255 bytes at most"),
            (
                .topic, #"{"topic":"\#(long)\#(long)\#(long)\#(long)\#(long)\#(long)"}"#, .badTopic,
                "a topic has 255 bytes at most"
            ),
            (.topic, #"{"topic":"a\nb"}"#, .badTopic, control),
            (.topic, #"{"topic":"\u0000"}"#, .badTopic, control),
            (.topic, #"{"topic":"\u007f"}"#, .badTopic, control),
            (.topic, #"{"topic":"\u0085"}"#, .badTopic, control),
            (.topic, #"{"topic":"broadcast"}"#, .badTopic, reserved),
            (.topic, #"{"topic":"bro\u0061dcast"}"#, .badTopic, reserved),
            (.topic, #"{"topic":"unicast/"}"#, .badTopic, reserved),
            (.topic, #"{"topic":"unicast/c1"}"#, .badTopic, reserved),
            (.topic, #"{"topic":"unicast/\u0301"}"#, .badTopic, reserved),
            // What is not an object, or not JSON.
            (.topic, "[]", .badMessage, "\"data\" must be an object"),
            (.topic, "null", .badMessage, "\"data\" must be an object"),
            (.publish, "\"topic\"", .badMessage, "\"data\" must be an object"),
            (.broadcast, "7", .badMessage, "\"data\" must be an object"),
            (.unicast, "false", .badMessage, "\"data\" must be an object"),
            (.topic, "", .badMessage, "\"data\": the text ends too early at byte 0"),
            (.publish, #"{"topic":"a","payload":[}"#, .badMessage, "\"data\": an unexpected character at byte 24"),
            (.broadcast, #"{"payload":1}}"#, .badMessage, "\"data\": something after the end at byte 13"),
            // Publish.
            (.publish, #"{"payload":1}"#, .badMessage, missing("topic")),
            (.publish, #"{"topic":"a"}"#, .badMessage, missing("payload")),
            (.publish, #"{"topic":false,"payload":1}"#, .badMessage, "\"topic\" must be a string"),
            (.publish, #"{"topic":"a","payload":1,"payload":1}"#, .badMessage, double("payload")),
            (.publish, #"{"topic":"a","topic":"a","payload":1}"#, .badMessage, double("topic")),
            (.publish, #"{"topic":"a","payload":1,"echo":true,"echo":true}"#, .badMessage, double("echo")),
            (.publish, #"{"topic":"a","payload":1,"echo":"true"}"#, .badMessage, "\"echo\" must be true or false"),
            (.publish, #"{"topic":"a","payload":1,"echo":0}"#, .badMessage, "\"echo\" must be true or false"),
            (.publish, #"{"topic":"a","payload":1,"echo":null}"#, .badMessage, "\"echo\" must be true or false"),
            (.publish, #"{"topic":"a","payload":1,"confirm":1}"#, .badMessage, "\"confirm\" must be true or false"),
            (.publish, #"{"topic":"a","payload":1,"confirm":true,"confirm":true}"#, .badMessage, double("confirm")),
            (.broadcast, #"{"payload":1,"confirm":"yes"}"#, .badMessage, "\"confirm\" must be true or false"),
            (.publish, #"{"topic":"","payload":1}"#, .badTopic, "a topic has one byte at least"),
            (.publish, #"{"topic":"a\u001f","payload":1}"#, .badTopic, control),
            (.publish, #"{"topic":"unicast/c1","payload":1}"#, .badTopic, "one client is reached by a unicast request"),
            // Broadcast.
            (.broadcast, "{}", .badMessage, missing("payload")),
            (.broadcast, #"{"payload":1,"payload":2}"#, .badMessage, double("payload")),
            // Unicast.
            (.unicast, #"{"payload":1}"#, .badMessage, missing("client_id")),
            (.unicast, #"{"client_id":"c1"}"#, .badMessage, missing("payload")),
            (.unicast, #"{"client_id":7,"payload":1}"#, .badMessage, "\"client_id\" must be a string"),
            (.unicast, #"{"client_id":"a","client_id":"a","payload":1}"#, .badMessage, double("client_id")),
            (.unicast, #"{"client_id":"a","payload":1,"payload":1}"#, .badMessage, double("payload")),
            (.unicast, #"{"client_id":"","payload":1}"#, .clientNotFound, "no client can have this id"),
            (.unicast, #"{"client_id":"a\tb","payload":1}"#, .clientNotFound, "no client can have this id"),
            (.unicast, #"{"client_id":"\#(long)","payload":1}"#, .clientNotFound, "no client can have this id"),
            (
                .unicast, #"{"client_id":"\#(long)\#(long)\#(long)\#(long)\#(long)\#(long)","payload":1}"#,
                .clientNotFound, "no client can have this id"
            ),
        ] as [(Reader, String, ErrorCode, String)]
    )
    func refuses(reader: Reader, text: String, code: ErrorCode, reason: String) {
        #expect(reader.read(text) == .failure(MessageError(code, reason)))
    }

    @Test("are refused when they are cut off anywhere", arguments: Reader.allCases)
    func truncations(reader: Reader) {
        let text = #"{"topic":"a","client_id":"c","payload":{"b":[1,"x"]},"echo":true}"#
        #expect(reader.read(text).failure == nil)
        for end in 0..<text.utf8.count {
            #expect(reader.read(String(text.prefix(end))).failure?.code == .badMessage, "the first \(end) bytes")
        }
    }

    @Test("name no part of the text in their errors")
    func quietErrors() {
        for text in [#"{"topic":"secret\u0001"}"#, #"{"secret":1}"#, #"{"topic":{"secret":1}}"#, #"["secret"]"#] {
            #expect(Reader.topic.read(text).failure?.reason.contains("secret") == false)
        }
    }
}
