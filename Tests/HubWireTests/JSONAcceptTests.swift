// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("JSON that RFC 8259 allows")
struct JSONAcceptTests {
    static let documents: [String] = [
        // Words and white space.
        "null", "true", "false", " null", "null ", "\t\n\r null \r\n\t",
        // Numbers.
        "0", "-0", "1", "-1", "9", "10", "123456789", "0.0", "-0.0", "0.5", "10.25", "1e0", "1E0", "1e+0", "1e-0",
        "1E+10", "1.5e-300", "0e0", "0E+0", "0.1e1", "123456789012345678901234567890", "-9223372036854775808",
        "18446744073709551616", "1e999999", "-1e-999999", "0.00000000000000000000000000000000000000001",
        // Strings.
        #""""#, #""a""#, #"" ""#, #""a b""#, #""\"""#, #""\\""#, #""\/""#, #""/""#, #""\b\f\n\r\t""#, #""\u0000""#,
        #""\u001f""#, #""\u0041""#, #""\u00e9\u00E9""#, #""\uFFFF""#, #""\uD834\uDD1E""#, #""\ud834\udd1e""#,
        #""\uDBFF\uDFFF""#, #""\uD800\uDC00x""#, #""\\u12""#, #""\\\"""#, "\"é\"", "\"日本語\"", "\"🎉\"",
        "\"\u{7F}\"", "\"\u{80}\"", "\"\u{2028}\u{2029}\"", "\"\u{FEFF}\"", "\"\u{10FFFF}\"", "\"\u{FFFE}\"",
        #""12345678""#, #""1234567\n""#, #""12345678\"""#, #""{}[],:""#, #""null""#,
        // Arrays.
        "[]", "[ ]", "[null]", "[1,2,3]", "[ 1 , 2 ]", "[[]]", "[[],[]]", "[\n1\n]", "[[[[[[[[]]]]]]]]", #"["",""]"#,
        "[{}]", "[0.1,1e1,-1]", "[true,false,null]", #"["a","b",["c"]]"#,
        // Objects.
        "{}", "{ }", #"{"a":1}"#, #"{"":0}"#, #"{"a":{}}"#, #"{"a":[]}"#, #"{ "a" : 1 , "b" : 2 }"#, #"{"a":1,"a":2}"#,
        #"{"a":"b"}"#, #"{"\u0061":1}"#, #"{"a":{"b":{"c":[{"d":null}]}}}"#, "{\"a\"\n:\t1\r}", #"{"é":"é"}"#,
        #"{"a":[1,{"b":2},3],"c":"}]"}"#,
    ]

    @Test("is accepted", arguments: documents)
    func accepts(document: String) {
        #expect(JSONProbe.fault(document.utf8) == nil)
        #expect(JSONProbe.fault(document.utf8, as: .validUTF8) == nil)
    }

    @Test("is accepted in any place, and comes out byte for byte", arguments: documents)
    func embeds(document: String) throws {
        let value = document.trimmed
        let object = try JSONProbe.members("{\"before\":1,\"value\":\(document),\"after\":[\(document)]}".utf8)
        #expect(object.map(\.key) == ["before", "value", "after"])
        #expect(Array(object[1].value.utf8) == Array(value.utf8))
    }

    @Test("is refused once its last byte is missing, or any before that", arguments: documents)
    func refusesTruncations(document: String) throws {
        // A number stays one when digits go; everything else has an end of its own.
        let text = Array(document.trimmed.utf8)
        let first = try #require(text.first)
        guard !"-0123456789".utf8.contains(first) else {
            let open = Array("[".utf8) + text
            for end in 1...open.count { #expect(JSONProbe.fault(open[..<end])?.code == .unexpectedEnd) }
            return
        }
        for end in 0..<text.count {
            let code = JSONProbe.fault(text[..<end])?.code
            #expect(code == .unexpectedEnd || code == .badUTF8, "the first \(end) bytes")
            #expect(JSONProbe.fault(text[..<end], as: .validUTF8)?.code == .unexpectedEnd, "the first \(end) bytes")
        }
    }

    @Test("is refused with anything behind it", arguments: documents, ["x", "]", "}", ",", "\"", "0x", "\u{0}", "é"])
    func refusesTails(document: String, tail: String) {
        #expect(JSONProbe.fault((document + " " + tail).utf8)?.code == .trailingBytes)
    }
}

extension String {
    /// The text without JSON's white space around it.
    fileprivate var trimmed: String {
        let isSpace: (Unicode.Scalar) -> Bool = { " \t\n\r".unicodeScalars.contains($0) }
        let start = unicodeScalars.drop(while: isSpace)
        let end = start.reversed().drop(while: isSpace)
        return String(String.UnicodeScalarView(end.reversed()))
    }
}
