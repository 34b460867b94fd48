// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Queries and escapes")
struct HTTPQueryTests {
    @Test(
        "escapes are undone, and malformed ones refused",
        arguments: [
            ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%C3%a4", "ä"), ("a+b", "a+b"), ("%2B", "+"), ("%25", "%"),
            ("%", nil), ("%4", nil), ("%4g", nil), ("%g4", nil), ("%%41", nil), ("%FF", nil), ("%C3", nil),
            ("%00", "\0"),
        ] as [(String, String?)]
    )
    func decode(text: String, expected: String?) {
        #expect(PercentEncoding.decode(text) == expected)
    }

    @Test("a plus is a space in queries only")
    func plus() {
        #expect(PercentEncoding.decode("a+b", plusIsSpace: true) == "a b")
        #expect(PercentEncoding.decode(Substring("a+b")) == "a+b")
    }

    @Test("what is escaped is unescaped to itself", arguments: ["", "abc-._~", "a b&c=d+e?f#g%", "grüße 😀", "\r\n\0"])
    func encode(text: String) {
        let encoded = PercentEncoding.encode(text)
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x26 && $0 != 0x3D && $0 != 0x2B })
        #expect(PercentEncoding.decode(encoded) == text)
        #expect(PercentEncoding.decode(encoded, plusIsSpace: true) == text)
    }

    @Test("a query is split into its parameters")
    func items() {
        let head = HTTPRequestHead(query: "topic=a%20b&&token=x=y&empty=&flag&topic=c+d&%zz=1&bad=%FF")
        #expect(head.queryItems.map(\.name) == ["topic", "token", "empty", "flag", "topic"])
        #expect(head.queryItems.map(\.value) == ["a b", "x=y", "", "", "c d"])
        #expect(head.queryValue("topic") == "a b")
        #expect(head.queryValue("none") == nil)
        #expect(HTTPRequestHead().queryItems.isEmpty)
    }
}
