// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Strings of a JSON text")
struct JSONStringTests {
    @Test(
        "are decoded with their escapes resolved",
        arguments: [
            (#""""#, ""), (#""a""#, "a"), (#""é""#, "é"), (#""\"\\\/""#, "\"\\/"),
            (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"),
            (#""\u0000""#, "\u{0}"), (#""\u0041\u0062""#, "Ab"), (#""\u007f\u0080""#, "\u{7F}\u{80}"),
            (#""\u07FF\u0800""#, "\u{7FF}\u{800}"), (#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"),
            (#""\uffff""#, "\u{FFFF}"),
            (#""\ud800\udc00""#, "\u{10000}"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\uD83C\uDF89!""#, "🎉!"),
            (#""x\u00e9\ny""#, "xé\ny"), (#""\\u0041""#, "\\u0041"), (#""e\u0301""#, "e\u{301}"),
            (#""\u65e5本\u8a9e""#, "日本語"),
        ]
    )
    func decodes(token: String, text: String) throws {
        #expect(Array(try JSONProbe.decode(token.utf8).utf8) == Array(text.utf8))
    }

    @Test("equal a literal by their bytes, escaped or not")
    func equality() throws {
        let object = Array(
            #"{"ping":1,"p\u0069ng":2,"\u0070\u0069\u006e\u0067":3,"message_type":4,"":5,"pi\ng":6}"#.utf8
        )
        let equal = try object.withUnsafeBytes { object in
            var equal: [[Bool]] = []
            try JSONReader.members(of: object) { (key, _) throws(JSONError) in
                equal.append([
                    key == "ping", key == "pong", key == "pin", key == "pings", key == "message_type", key == "",
                ])
            }
            return equal
        }
        let ping = [true, false, false, false, false, false]
        #expect(equal[0] == ping)
        #expect(equal[1] == ping)
        #expect(equal[2] == ping)
        #expect(equal[3] == [false, false, false, false, true, false])
        #expect(equal[4] == [false, false, false, false, false, true])
        #expect(equal[5] == [false, false, false, false, false, false])
    }

    @Test("do not equal a literal that only looks the same")
    func noNormalization() throws {
        try Array(#"{"\u00e9":0}"#.utf8).withUnsafeBytes { object in
            try JSONReader.members(of: object) { (key, _) throws(JSONError) in
                #expect(key == "\u{E9}")
                #expect(!(key == "e\u{301}"))
            }
        }
    }
}

@Suite("Writing JSON")
struct JSONWriterTests {
    @Test("sets commas and nests")
    func nests() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("a")
            writer.integer(1)
            writer.key("b")
            writer.array { writer in
                writer.null()
                writer.boolean(true)
                writer.boolean(false)
                writer.object { _ in }
                writer.array { _ in }
                writer.string("x\"y")
            }
            writer.key("c\n")
            writer.object { writer in
                writer.key("d")
                writer.number(1.5)
            }
            writer.key("e")
            Array("[ 1 ]".utf8).withUnsafeBytes { writer.raw($0) }
        }
        let expected = #"{"a":1,"b":[null,true,false,{},[],"x\"y"],"c\n":{"d":1.5},"e":[ 1 ]}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
        #expect(JSONProbe.fault(writer.bytes) == nil)
    }

    @Test("starts behind bytes that are there already")
    func appends() {
        var writer = JSONWriter(appendingTo: Array("data: ".utf8))
        writer.array { writer in
            writer.integer(1)
            writer.integer(2)
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "data: [1,2]")
    }

    @Test("escapes what must be escaped, and nothing else", arguments: UInt8.min...0x7F)
    func escapes(byte: UInt8) throws {
        let text = String(Unicode.Scalar(byte))
        let written = String(decoding: JSONProbe.encode(text), as: UTF8.self)
        let short: [UInt8: String] = [
            0x08: #"\b"#, 0x09: #"\t"#, 0x0A: #"\n"#, 0x0C: #"\f"#, 0x0D: #"\r"#, 0x22: #"\""#, 0x5C: #"\\"#,
        ]
        let digits = String(byte, radix: 16)
        let expected = short[byte] ?? (byte < 0x20 ? "\\u00" + (byte < 0x10 ? "0" : "") + digits : text)
        #expect(written == "\"\(expected)\"")
        #expect(try JSONProbe.decode(written.utf8) == text)
    }

    @Test("escapes at every place of a long string", arguments: 0..<20)
    func longStrings(place: Int) throws {
        let text = String(repeating: "a", count: place) + "\u{1}" + String(repeating: "é", count: 20 - place)
        #expect(try JSONProbe.decode(JSONProbe.encode(text)) == text)
    }

    @Test(
        "writes integers of every length",
        arguments: (0..<19).map { (0..<$0).reduce(1) { value, _ in value * 10 } } + [.max, .min, 0] as [Int64]
    )
    func integers(value: Int64) {
        for value in [value, value &- 1, 0 &- value, value &+ 1] {
            var writer = JSONWriter()
            writer.integer(value)
            #expect(String(decoding: writer.bytes, as: UTF8.self) == String(value))
        }
    }

    @Test("writes integers of more than 64 bits too")
    func unsignedIntegers() {
        var writer = JSONWriter()
        writer.integer(UInt64.max)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "18446744073709551615")
    }

    @Test(
        "writes numbers that are JSON and read back as the same",
        arguments: [0, -0.0, 1, 0.1, 1e21, 2.2250738585072014e-308, 1.7976931348623157e308, -2.5, 123456.789]
    )
    func numbers(value: Double) {
        var writer = JSONWriter()
        writer.number(value)
        #expect(JSONProbe.fault(writer.bytes) == nil)
        #expect(Double(String(decoding: writer.bytes, as: UTF8.self)) == value)
    }

    @Test("writes null for what no number of JSON can say", arguments: [Double.nan, .infinity, -.infinity])
    func noNumbers(value: Double) {
        var writer = JSONWriter()
        writer.number(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "null")
    }
}
