// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import gohub

@Suite("The line of a message")
struct MessageLineTests {
    private func json(_ text: String, _ format: MessageLine = MessageLine(), topic: String = "t") -> String {
        var text = text
        return text.withUTF8 {
            String(decoding: format.bytes(topic: topic, json: UnsafeRawBufferPointer($0)), as: UTF8.self)
        }
    }

    private func binary(_ bytes: [UInt8], _ format: MessageLine = MessageLine()) -> [UInt8] {
        bytes.withUnsafeBytes { format.bytes(topic: "t", binary: $0) }
    }

    @Test(
        "has JSON as it is, but for line breaks and what steers a terminal",
        arguments: [
            (#"{"a": 1}"#, #"{"a": 1}"#),
            (#""two\nlines and \u001b[2J""#, #""two\nlines and \u001b[2J""#),
            ("{\n  \"a\": 1,\r\n\t\"b c\": [\n    2\n  ]\n}\n", #"{"a": 1,"b c": [2]}"#),
            ("\"\u{9B}2J \u{7F}\"", #""\u009b2J \u007f""#),
            ("\"\u{202E}evil\u{2066}\u{2028}\"", #""\u202eevil\u2066\u2028""#),
            ("\"grün 日本 😀\"", "\"grün 日本 😀\""),
            // No hub lets this through; a terminal is safe all the same.
            ("\u{1B}]0;title\u{7}", #"\u001b]0;title\u0007"#),
            ("", ""),
        ]
    )
    func json(payload: String, line: String) {
        #expect(json(payload) == "t \(line)\n")
        #expect(json(payload, MessageLine(payloadOnly: true)) == "\(line)\n")
        #expect(json(payload, MessageLine(isRaw: true)) == "t \(payload)\n")
    }

    @Test(
        "has other bytes as text with escapes, and those that are no text as numbers",
        arguments: [
            (Array("plain".utf8), "plain"),
            (Array("a\nb\\n\u{1B}[31m".utf8), #"a\nb\\n\u001b[31m"#),
            (Array("grün\u{85}".utf8), #"grün\u0085"#),
            ([0x67, 0xFF, 0x9B, 0x0A, 0x00, 0xC3, 0xBC], #"g\xff\x9b\n\u0000\xc3\xbc"#),
            ([], ""),
        ] as [([UInt8], String)]
    )
    func binary(payload: [UInt8], line: String) {
        #expect(binary(payload) == Array("t \(line)\n".utf8))
        #expect(binary(payload, MessageLine(payloadOnly: true, isRaw: true)) == payload + [0x0A])
    }

    @Test("escapes the topic as well, unless it is raw")
    func topic() {
        let topic = "a\u{202E}b"
        #expect(json("1", topic: topic) == "a\\u202eb 1\n")
        #expect(json("1", MessageLine(isRaw: true), topic: topic) == "\(topic) 1\n")
    }
}
