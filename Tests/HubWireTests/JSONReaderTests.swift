// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Reading JSON where it lies")
struct JSONReaderTests {
    @Test("values are given byte for byte, whatever stands around and in them")
    func preserves() throws {
        let values = [
            "{ \"b\" :\t1 , \"b\":2 }", "1.000000000000000000000e+0007", "123456789012345678901234567890",
            "\"\\u0041\\/\\n\"", "[ ]", "{\n}", "-0", "\"é\u{7F}\"", "[1 ,{\"a\":[ ]}, null ]",
        ]
        let text = "{" + values.enumerated().map { " \"k\($0)\" :\r\n\($1)\t" }.joined(separator: ",") + "}"
        let members = try JSONProbe.members(text.utf8)
        #expect(members.map(\.value) == values)
        #expect(members.map(\.key) == values.indices.map { "k\($0)" })
    }

    @Test("duplicate keys are all given, in their order")
    func duplicates() throws {
        let members = try JSONProbe.members(#"{"a":1,"b":2,"a":3,"\u0061":4}"#.utf8)
        #expect(members.map(\.key) == ["a", "b", "a", "a"])
        #expect(members.map(\.value) == ["1", "2", "3", "4"])
    }

    @Test("what is no object has no members", arguments: ["[]", "1", "\"a\"", "null", " true ", "[{}]"])
    func noObject(text: String) {
        #expect(throws: JSONError(.notAnObject, at: 0)) { try JSONProbe.members(text.utf8) }
    }

    @Test("what is neither an object nor JSON is refused for the latter", arguments: ["[", "nul", "1 2", "x"])
    func noJSON(text: String) throws {
        let fault = try #require(JSONProbe.fault(text.utf8))
        #expect(throws: fault) { try JSONProbe.members(text.utf8) }
    }

    @Test("an error of the caller ends the walk")
    func callerError() {
        var seen = 0
        Array(#"{"a":1,"b":2,"#.utf8).withUnsafeBytes { bytes in
            _ = #expect(throws: JSONError(.tooDeep, at: 7)) {
                try JSONReader.members(of: bytes) { (_, _) throws(JSONError) in
                    seen += 1
                    throw JSONError(.tooDeep, at: 7)
                }
            }
        }
        #expect(seen == 1)
    }

    @Test("64 levels are read and 65 refused", arguments: [("[", "]", "1"), ("{\"a\":", "}", "1"), ("[", "]", "[]")])
    func depth(open: String, close: String, inside: String) throws {
        let room = inside == "[]" ? 63 : 64
        let nested = { (levels: Int) in
            String(repeating: open, count: levels) + inside + String(repeating: close, count: levels)
        }
        #expect(JSONProbe.fault(nested(room).utf8) == nil)
        #expect(JSONProbe.fault(nested(room + 1).utf8)?.code == .tooDeep)
        #expect(JSONProbe.fault(nested(100_000).utf8)?.code == .tooDeep)
        #expect(JSONProbe.fault(String(repeating: open, count: 100_000).utf8)?.code == .tooDeep)
        // An object around it is a level too, whoever walks it.
        let member = { (levels: Int) in "{\"data\":\(nested(levels))}" }
        #expect(throws: Never.self) { try JSONProbe.members(member(room - 1).utf8) }
        let fault = try #require(JSONProbe.fault(member(room).utf8))
        #expect(fault.code == .tooDeep)
        #expect(throws: fault) { try JSONProbe.members(member(room).utf8) }
    }

    @Test("the levels may be fewer, and never more", arguments: [0, 1, 2, 63, 64, 65, 1000, Int.max])
    func lowerDepth(limit: Int) {
        let fault = { (levels: Int) -> JSONError.Code? in
            let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
            return Array(text.utf8).withUnsafeBytes { bytes in
                do throws(JSONError) {
                    try JSONReader.validate(bytes, maximumDepth: limit)
                    return nil
                } catch {
                    return error.code
                }
            }
        }
        let allowed = min(limit, JSONReader.maximumDepth)
        if allowed > 0 { #expect(fault(allowed) == nil) }
        #expect(fault(allowed + 1) == .tooDeep)
    }

    @Test("brackets of both kinds close in the order in which they opened, through all 64 levels")
    func mixedBrackets() {
        var random = JSONRandom(seed: 64)
        for _ in 0..<50 {
            let kinds = (0..<64).map { _ in random.below(2) == 0 }
            let open = kinds.map { $0 ? "{\"a\":" : "[" }
            let close = kinds.reversed().map { $0 ? "}" : "]" }
            #expect(JSONProbe.fault((open + ["0"] + close).joined().utf8) == nil)
            var wrong = close
            let place = random.below(64)
            wrong[place] = wrong[place] == "}" ? "]" : "}"
            #expect(JSONProbe.fault((open + ["0"] + wrong).joined().utf8)?.code == .unexpectedByte)
        }
    }

    @Test(
        "integers of 64 bits are read, to the last",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-1", -1), ("1700000000000", 1_700_000_000_000),
            ("99999999999999999", 99_999_999_999_999_999), ("999999999999999999", 999_999_999_999_999_999),
            ("-999999999999999999", -999_999_999_999_999_999), ("1000000000000000000", 1_000_000_000_000_000_000),
            ("9223372036854775807", .max), ("-9223372036854775807", -.max), ("-9223372036854775808", .min),
        ] as [(String, Int64)]
    )
    func integers(text: String, value: Int64) {
        #expect(Array(text.utf8).withUnsafeBytes { JSONReader.integer($0) } == value)
    }

    @Test(
        "what is no integer of 64 bits is none, and nothing overflows",
        arguments: [
            "", "-", "1.0", "1e3", "1E0", "0.5", "9223372036854775808", "-9223372036854775809", "9999999999999999999",
            "-9999999999999999999", "18446744073709551615", "18446744073709551616", "92233720368547758070",
            "123456789012345678901234567890", "\"1\"", "true", "null", "[1]", "+1", " 1", "1 ",
        ]
    )
    func noIntegers(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { JSONReader.integer($0) } == nil)
    }

    @Test("a value of the wrong type is stepped over, checked, and is none")
    func typedValues() throws {
        let text = #"{"a":"x","b":[1,"]"],"c":1.5,"d":12,"e":true,"f":null,"g":"\n","h":false,"i":{}}"#
        try Array(text.utf8).withUnsafeBytes { bytes in
            var members = try JSONMembers(of: bytes, as: .untrusted)
            func expectKey(_ key: StaticString) throws { #expect(try #require(try members.nextKey()) == key) }
            try expectKey("a")
            #expect(try members.integer() == nil)
            try expectKey("b")
            #expect(try members.string() == nil)
            try expectKey("c")
            #expect(try members.integer() == nil)
            try expectKey("d")
            #expect(try members.integer() == 12)
            try expectKey("e")
            #expect(try members.boolean() == true)
            try expectKey("f")
            #expect(try members.boolean() == nil)
            try expectKey("g")
            #expect(try #require(try members.string()).decoded() == "\n")
            try expectKey("h")
            #expect(try members.boolean() == false)
            try expectKey("i")
            #expect(try members.integer() == nil)
            #expect(try members.nextKey() == nil)
        }
    }

    @Test("long strings are stepped over, wherever their end or fault lies", arguments: 0..<40)
    func longStrings(count: Int) throws {
        let plain = String(repeating: "a", count: count)
        #expect(try JSONProbe.decode("\"\(plain)\"".utf8) == plain)
        #expect(try JSONProbe.decode("\"\(plain)\\n\(plain)\"".utf8) == "\(plain)\n\(plain)")
        #expect(try JSONProbe.decode("\"\(plain)é\(plain)\"".utf8) == "\(plain)é\(plain)")
        #expect(JSONProbe.fault("\"\(plain)\u{1}\(plain)\"".utf8) == JSONError(.controlCharacter, at: count + 1))
        #expect(JSONProbe.fault("\"\(plain)".utf8) == JSONError(.unexpectedEnd, at: count + 1))
    }

    @Test("every byte of every value is seen at every place of a word", arguments: 0..<8)
    func everyByte(place: Int) {
        for byte in UInt8.min...UInt8.max {
            var text = Array("\"aaaaaaaaaaaaaaaaaaaaaaa\"".utf8)
            text[9 + place] = byte
            let code = JSONProbe.fault(text, as: .validUTF8)?.code
            switch byte {
            case 0..<0x20: #expect(code == .controlCharacter)
            case UInt8(ascii: "\""): #expect(code == .trailingBytes)
            case UInt8(ascii: "\\"): #expect(code == .badEscape)
            default: #expect(code == nil)
            }
        }
    }

    @Test("each kind of error is described in its own words, with its place")
    func descriptions() {
        let descriptions = JSONError.Code.allCases.map { JSONError($0, at: 12).description }
        #expect(Set(descriptions).count == descriptions.count)
        #expect(descriptions.allSatisfy { $0.hasSuffix(" at byte 12") })
    }
}
