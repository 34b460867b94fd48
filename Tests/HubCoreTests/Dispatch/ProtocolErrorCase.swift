// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubWire
import Testing

/// One bad message, and what its sender must be told.
struct ProtocolErrorCase: Sendable, CustomTestStringConvertible {
    let sent: String
    let code: ErrorCode
    let type: String
    let id: Int
    let kind: CommandKind
    let reason: String?

    init(
        _ sent: String,
        _ code: ErrorCode,
        _ type: String,
        id: Int = 0,
        kind: CommandKind = .invalid,
        reason: String? = nil
    ) {
        self.sent = sent
        self.code = code
        self.type = type
        self.id = id
        self.kind = kind
        self.reason = reason
    }

    var testDescription: String { sent }
}

extension ProtocolErrorCase {
    static let malformed: [ProtocolErrorCase] = [
        ProtocolErrorCase("", .badMessage, ""),
        ProtocolErrorCase(" ", .badMessage, ""),
        ProtocolErrorCase("[]", .badMessage, "", reason: "not an object at byte 0"),
        ProtocolErrorCase("1", .badMessage, ""),
        ProtocolErrorCase(#""text""#, .badMessage, ""),
        ProtocolErrorCase("{", .badMessage, ""),
        ProtocolErrorCase("{}", .badMessage, "", reason: #""message_type" is missing"#),
        ProtocolErrorCase(#"{"message_type":"ping""#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_type":"ping"}x"#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_type":"ping",}"#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_type":"ping","data":{"a":}}"#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_type":"ping","data":01}"#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_type":"ping","data":NaN}"#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_type":"ping","data":"\ud800"}"#, .badMessage, "ping"),
        ProtocolErrorCase("{\"message_type\":\"ping\",\"data\":\"\u{1}\"}", .badMessage, "ping"),
        ProtocolErrorCase(
            #"{"message_type":"ping","data":\#(String(repeating: "[", count: 100))"#,
            .badMessage,
            "ping"
        ),
        ProtocolErrorCase(#"{"message_type":1}"#, .badMessage, "", reason: #""message_type" must be a string"#),
        ProtocolErrorCase(#"{"message_type":null}"#, .badMessage, ""),
        ProtocolErrorCase(
            #"{"message_id":1.5,"message_type":"ping"}"#,
            .badMessage,
            "ping",
            reason: #""message_id" must be an integer of 64 bits"#
        ),
        ProtocolErrorCase(#"{"message_id":"1","message_type":"ping"}"#, .badMessage, "ping"),
        ProtocolErrorCase(#"{"message_id":9223372036854775808,"message_type":"ping"}"#, .badMessage, "ping"),
        ProtocolErrorCase(
            #"{"message_id":4,"message_type":"ping","ts":"now"}"#,
            .badMessage,
            "ping",
            id: 4,
            reason: #""ts" must be an integer of 64 bits"#
        ),
        ProtocolErrorCase(
            #"{"message_id":4,"message_id":5,"message_type":"ping"}"#,
            .badMessage,
            "ping",
            id: 4,
            reason: #""message_id" is there twice"#
        ),
        ProtocolErrorCase(#"{"message_id":4,"message_type":"ping","message_type":"ping"}"#, .badMessage, "ping", id: 4),
        ProtocolErrorCase(#"{"message_id":4,"message_type":"ping","data":1,"data":1}"#, .badMessage, "ping", id: 4),
    ]

    static let refused: [ProtocolErrorCase] =
        [
            ProtocolErrorCase(
                #"{"message_id":4,"message_type":"dance"}"#,
                .unknownType,
                "dance",
                id: 4,
                reason: "no handler for this message_type"
            ),
            ProtocolErrorCase(#"{"message_id":4,"message_type":""}"#, .unknownType, "", id: 4),
            ProtocolErrorCase(#"{"message_id":4,"message_type":"PING"}"#, .unknownType, "PING", id: 4),
            ProtocolErrorCase(
                #"{"message_id":4,"message_type":"\#(String(repeating: "x", count: 65))"}"#,
                .unknownType,
                "",
                id: 4
            ),
        ]
        // What only the hub sends.
        + ["welcome", "draining", "pong", "subscribed", "unsubscribed", "published", "message", "error"].map {
            ProtocolErrorCase(#"{"message_id":4,"message_type":"\#($0)"}"#, .unknownType, $0, id: 4)
        }
        + needsData + badTopics + badFields + notFound

    private static let needsData: [ProtocolErrorCase] = [
        ("subscribe", CommandKind.subscribe), ("unsubscribe", .unsubscribe), ("publish", .publish),
        ("broadcast", .broadcast), ("unicast", .unicast),
    ].flatMap { type, kind in
        [
            ProtocolErrorCase(
                #"{"message_id":4,"message_type":"\#(type)"}"#,
                .badMessage,
                type,
                id: 4,
                kind: kind,
                reason: #""data" is missing"#
            ),
            ProtocolErrorCase(
                #"{"message_id":4,"message_type":"\#(type)","data":[]}"#,
                .badMessage,
                type,
                id: 4,
                kind: kind,
                reason: #""data" must be an object"#
            ),
            ProtocolErrorCase(
                #"{"message_id":4,"message_type":"\#(type)","data":{}}"#,
                .badMessage,
                type,
                id: 4,
                kind: kind
            ),
        ]
    }

    private static let badTopics: [ProtocolErrorCase] =
        [
            #""""#, #""a\u0007""#, #""a\u0085""#, #""unicast/0190a0a0-0000-7000-8000-000000000000""#,
            "\"\(String(repeating: "a", count: 256))\"",
        ].flatMap { topic in
            [
                request("subscribe", #"{"topic":\#(topic)}"#, .badTopic, .subscribe),
                request("unsubscribe", #"{"topic":\#(topic)}"#, .badTopic, .unsubscribe),
                request("publish", #"{"topic":\#(topic),"payload":1}"#, .badTopic, .publish),
            ]
        } + [
            request("subscribe", #"{"topic":"broadcast"}"#, .badTopic, .subscribe),
            request("unsubscribe", #"{"topic":"broadcast"}"#, .badTopic, .unsubscribe),
        ]

    private static let badFields: [ProtocolErrorCase] = [
        request("subscribe", #"{"topic":1}"#, .badMessage, .subscribe),
        request("subscribe", #"{"topic":"a","topic":"b"}"#, .badMessage, .subscribe),
        request("publish", #"{"topic":"a"}"#, .badMessage, .publish),
        request("publish", #"{"payload":1}"#, .badMessage, .publish),
        request("publish", #"{"topic":"a","payload":1,"echo":1}"#, .badMessage, .publish),
        request("publish", #"{"topic":"a","payload":1,"payload":2}"#, .badMessage, .publish),
        request("broadcast", #"{"topic":"a"}"#, .badMessage, .broadcast),
        request("unicast", #"{"client_id":1,"payload":1}"#, .badMessage, .unicast),
        request("unicast", #"{"payload":1}"#, .badMessage, .unicast),
        request("unicast", #"{"client_id":"0190a0a0-0000-7000-8000-000000000000"}"#, .badMessage, .unicast),
    ]

    private static let notFound: [ProtocolErrorCase] = [
        "", "x", "0190a0a0-0000-7000-8000-000000000000", "0190a0a00000700080000000000000000000",
        String(repeating: "0", count: 300), "a\\u0007",
    ].map { request("unicast", #"{"client_id":"\#($0)","payload":1}"#, .clientNotFound, .unicast) }

    private static func request(_ type: String, _ data: String, _ code: ErrorCode, _ kind: CommandKind)
        -> ProtocolErrorCase
    {
        ProtocolErrorCase(#"{"message_id":4,"message_type":"\#(type)","data":\#(data)}"#, code, type, id: 4, kind: kind)
    }
}
