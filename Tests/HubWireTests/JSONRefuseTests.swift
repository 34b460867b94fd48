// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("What RFC 8259 does not allow")
struct JSONRefuseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let code: JSONError.Code
        let offset: Int
        var testDescription: String { "\(text.debugDescription): \(code.rawValue) at \(offset)" }

        init(_ text: String, _ code: JSONError.Code, _ offset: Int) {
            (self.text, self.code, self.offset) = (text, code, offset)
        }
    }

    static let cases: [Case] = [
        // Nothing, or not a value.
        Case("", .unexpectedEnd, 0), Case(" ", .unexpectedEnd, 1), Case("\n\t", .unexpectedEnd, 2),
        Case("a", .unexpectedByte, 0), Case("'a'", .unexpectedByte, 0), Case("é", .unexpectedByte, 0),
        Case("\u{FEFF}null", .unexpectedByte, 0), Case("\u{A0}1", .unexpectedByte, 0),
        Case("\u{0B}1", .unexpectedByte, 0),
        Case("\u{0C}1", .unexpectedByte, 0), Case("\u{0}", .unexpectedByte, 0), Case("1\u{0C}", .trailingBytes, 1),
        Case("/* */ 1", .unexpectedByte, 0), Case("1 // one", .trailingBytes, 2), Case(",", .unexpectedByte, 0),
        Case(":", .unexpectedByte, 0), Case("]", .unexpectedByte, 0), Case("}", .unexpectedByte, 0),
        // Words.
        Case("nul", .unexpectedEnd, 3), Case("nulL", .badLiteral, 0), Case("NULL", .unexpectedByte, 0),
        Case("True", .unexpectedByte, 0), Case("tru", .unexpectedEnd, 3), Case("truth", .badLiteral, 0),
        Case("fals", .unexpectedEnd, 4), Case("nulll", .trailingBytes, 4), Case("NaN", .unexpectedByte, 0),
        Case("nan", .badLiteral, 0), Case("Infinity", .unexpectedByte, 0), Case("undefined", .unexpectedByte, 0),
        Case("true false", .trailingBytes, 5),
        // Numbers.
        Case("-", .unexpectedEnd, 1), Case("+1", .unexpectedByte, 0), Case("--1", .badNumber, 0),
        Case("01", .badNumber, 0), Case("-01", .badNumber, 0), Case("00", .badNumber, 0), Case("-a", .badNumber, 0),
        Case(".5", .unexpectedByte, 0), Case("1.", .unexpectedEnd, 2), Case("[1.]", .badNumber, 1),
        Case("1.e1", .badNumber, 0), Case("1e", .unexpectedEnd, 2), Case("1e+", .unexpectedEnd, 3),
        Case("[1e]", .badNumber, 1), Case("1e1.5", .trailingBytes, 3), Case("1.2.3", .trailingBytes, 3),
        Case("0x10", .trailingBytes, 1), Case("1_000", .trailingBytes, 1), Case("-Infinity", .badNumber, 0),
        Case("1 2", .trailingBytes, 2), Case("１", .unexpectedByte, 0), Case("[-]", .badNumber, 1),
        Case("0e", .unexpectedEnd, 2), Case("[1e++1]", .badNumber, 1),
        // Strings.
        Case("\"", .unexpectedEnd, 1), Case("\"a", .unexpectedEnd, 2), Case("\"12345678", .unexpectedEnd, 9),
        Case(#""\""#, .unexpectedEnd, 3), Case(#""\"#, .unexpectedEnd, 2), Case(#""\x""#, .badEscape, 1),
        Case(#""\'""#, .badEscape, 1), Case(#""\U0041""#, .badEscape, 1), Case(#""\a""#, .badEscape, 1),
        Case("\"\\\n\"", .badEscape, 1), Case("\"\\é\"", .badEscape, 1), Case(#""\u""#, .badEscape, 1),
        Case(#""\u12""#, .badEscape, 1), Case(#""\u12"#, .unexpectedEnd, 5), Case(#""\u12G4""#, .badEscape, 1),
        Case(#""\u+123""#, .badEscape, 1), Case("\"\n\"", .controlCharacter, 1), Case("\"\t\"", .controlCharacter, 1),
        Case("\"\u{0}\"", .controlCharacter, 1), Case("\"\u{1F}\"", .controlCharacter, 1),
        Case("\"1234567\u{1F}\"", .controlCharacter, 8), Case("\"12345678\u{1}1234567\"", .controlCharacter, 9),
        Case(#""\uD800""#, .loneSurrogate, 1), Case(#""\uDC00""#, .loneSurrogate, 1),
        Case(#""\uD800x""#, .loneSurrogate, 1), Case(#""\uD800\n""#, .loneSurrogate, 1),
        Case(#""\uD800\u0041""#, .loneSurrogate, 1), Case(#""\uD800\uD800\uDC00""#, .loneSurrogate, 1),
        Case(#""\uDC00\uD800""#, .loneSurrogate, 1), Case(#""x\uDFFF""#, .loneSurrogate, 2),
        Case(#""\uD834\uDD""#, .badEscape, 7), Case(#""\uD834"#, .unexpectedEnd, 7),
        Case(#""\uD834\"#, .unexpectedEnd, 8),
        Case(#""\uD834\u"#, .unexpectedEnd, 9), Case(#""a" "b""#, .trailingBytes, 4),
        // Arrays.
        Case("[", .unexpectedEnd, 1), Case("[1", .unexpectedEnd, 2), Case("[1,", .unexpectedEnd, 3),
        Case("[1,]", .unexpectedByte, 3), Case("[,1]", .unexpectedByte, 1), Case("[1,,2]", .unexpectedByte, 3),
        Case("[1 2]", .unexpectedByte, 3), Case("[1}", .unexpectedByte, 2), Case("[}", .unexpectedByte, 1),
        Case("[1]]", .trailingBytes, 3), Case("[1:2]", .unexpectedByte, 2), Case("[\"a\":1]", .unexpectedByte, 4),
        Case("[][]", .trailingBytes, 2), Case("[[1]", .unexpectedEnd, 4), Case("[1;2]", .unexpectedByte, 2),
        // Objects.
        Case("{", .unexpectedEnd, 1), Case("{\"a\"", .unexpectedEnd, 4), Case("{\"a\":", .unexpectedEnd, 5),
        Case("{\"a\":1", .unexpectedEnd, 6), Case("{\"a\":1,", .unexpectedEnd, 7),
        Case("{\"a\":1,}", .unexpectedByte, 7),
        Case("{,}", .unexpectedByte, 1), Case("{a:1}", .unexpectedByte, 1), Case("{1:1}", .unexpectedByte, 1),
        Case("{null:1}", .unexpectedByte, 1), Case("{'a':1}", .unexpectedByte, 1),
        Case("{\"a\" 1}", .unexpectedByte, 5),
        Case("{\"a\",1}", .unexpectedByte, 4), Case("{\"a\"}", .unexpectedByte, 4),
        Case("{\"a\":}", .unexpectedByte, 5),
        Case("{\"a\"::1}", .unexpectedByte, 5), Case("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
        Case("{\"a\":1,,\"b\":2}", .unexpectedByte, 7), Case("{\"a\":1]", .unexpectedByte, 6),
        Case("{]", .unexpectedByte, 1),
        Case("{\"a\":1}}", .trailingBytes, 7), Case("{{}:1}", .unexpectedByte, 1),
        Case("{\"a\":1}{}", .trailingBytes, 7),
        Case("{[]:1}", .unexpectedByte, 1), Case("{\"\\uD800\":1}", .loneSurrogate, 2),
        Case("{\"a\":{\"b\":[1,{\"c\":2]}}", .unexpectedByte, 19),
    ]

    @Test("is refused, with the reason and the place", arguments: cases)
    func refuses(_ refused: Case) {
        #expect(JSONProbe.fault(refused.text.utf8) == JSONError(refused.code, at: refused.offset))
        #expect(JSONProbe.fault(refused.text.utf8, as: .validUTF8) == JSONError(refused.code, at: refused.offset))
    }

    @Test("is refused inside an object or an array too", arguments: cases)
    func refusesInside(_ refused: Case) {
        let object = "{\"data\":\(refused.text),\"ts\":1}"
        #expect(JSONProbe.fault(object.utf8) != nil)
        #expect(JSONProbe.fault("[\(refused.text),1]".utf8) != nil)
        #expect(throws: (any Error).self) { try JSONProbe.members(object.utf8) }
    }

    static let notUTF8: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x8E], [0xFE], [0xFF], [0xC3, 0xA9, 0xA9],
    ]

    @Test("bytes that are not UTF-8 are refused unless the caller says that it has checked them", arguments: notUTF8)
    func refusesBadUTF8(bytes: [UInt8]) throws {
        let quote = UInt8(ascii: "\"")
        for text in [[quote] + bytes + [quote], [quote] + Array("0123456789".utf8) + bytes + [quote]] {
            #expect(JSONProbe.fault(text)?.code == .badUTF8)
            #expect(JSONProbe.fault(text, as: .validUTF8) == nil)
            let object = Array("{".utf8) + text + Array(":".utf8) + text + Array("}".utf8)
            #expect(throws: (any Error).self) { try JSONProbe.members(object) }
        }
    }

    @Test("a token of bytes that are not UTF-8 does not decode, escaped or not", arguments: notUTF8)
    func refusesToDecode(bytes: [UInt8]) throws {
        for key in [bytes, Array(#"\n"#.utf8) + bytes] {
            let object = Array("{\"".utf8) + key + Array("\":0}".utf8)
            try object.withUnsafeBytes { object in
                var members = try JSONMembers(of: object, as: .validUTF8)
                let key = try #require(try members.nextKey())
                do throws(JSONError) {
                    let text = try key.decoded()
                    Issue.record("decoded as \(text.debugDescription)")
                } catch {
                    #expect(error.code == .badUTF8)
                }
            }
        }
    }

    @Test("no buffer at all is refused like an empty text")
    func refusesNothing() {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        for input in [JSONReader.Input.untrusted, .validUTF8] {
            #expect(throws: JSONError(.unexpectedEnd, at: 0)) { try JSONReader.validate(none, as: input) }
            #expect(throws: JSONError(.unexpectedEnd, at: 0)) { try JSONMembers(of: none, as: input) }
        }
    }
}
