// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@Suite("A whole JSON text as a tree")
struct JSONTreeTests {
    private func read(_ text: String) throws -> JSONTree {
        try Array(text.utf8).withUnsafeBytes { try JSONTree($0) }
    }

    @Test(
        "has what stands in the text",
        arguments: [
            ("null", .null), (" true ", .boolean(true)), ("false", .boolean(false)), ("0", .number(0)),
            ("-0", .number(-0.0)), ("-1.5e3", .number(-1500)), (#""a\u00e9\n\"""#, .string("aé\n\"")),
            ("[]", .array([])),
            ("{}", .object([:])),
            (
                #"{"":{"a":[1,[2],{}]}}"#,
                .object(["": .object(["a": .array([.number(1), .array([.number(2)]), .object([:])])])])
            ),
            (#"[ "a" , null ]"#, .array([.string("a"), .null])), ("1e300", .number(1e300)), ("1e-400", .number(0)),
        ] as [(String, JSONTree)]
    )
    func reads(text: String, expected: JSONTree) throws { #expect(try read(text) == expected) }

    @Test("of members with one key the last counts, also where one is escaped")
    func duplicates() throws {
        #expect(try read(#"{"a":1,"b":2,"a":3,"\u0061":4}"#) == .object(["a": .number(4), "b": .number(2)]))
    }

    @Test("refuses what the reader refuses, with the same fault", arguments: JSONRefuseTests.cases)
    func refuses(refused: JSONRefuseTests.Case) {
        #expect(throws: JSONError(refused.code, at: refused.offset)) { try read(refused.text) }
    }

    @Test("is 64 levels deep at the most")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        var tree = try read(nested(64))
        for _ in 0..<63 { tree = try #require(tree.array.first) }
        #expect(tree == .array([]))
        #expect(throws: JSONError.self) { try read(nested(65)) }
        #expect(throws: JSONError.self) { try read(String(repeating: "{\"a\":", count: 1_000_000)) }
    }

    @Test(
        "a count is a whole number that is not negative",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("7.0", 7), ("1e3", 1000), ("9007199254740992", 1 << 53), ("-1", nil),
            ("1.5", nil), ("1e300", nil), ("-1e300", nil), ("18446744073709551616", nil), (#""7""#, nil), ("null", nil),
            ("18446744073709549568", 18_446_744_073_709_549_568),
        ] as [(String, UInt64?)]
    )
    func counts(text: String, expected: UInt64?) throws { #expect(try read(text).count == expected) }

    @Test("numbers that are too large are infinite or refused, and no trap", arguments: ["1e400", "-1e999999999999"])
    func infinite(text: String) throws {
        let tree = try? read(text)
        #expect(tree?.count == nil)
        if let number = tree?.number { #expect(number.isInfinite) }
    }

    @Test("what is asked of another kind is not there")
    func kinds() throws {
        for text in ["null", "true", "1", #""a""#, "[1]", #"{"a":1}"#] {
            let tree = try read(text)
            #expect((tree.string != nil) == (text == #""a""#))
            #expect((tree.number != nil) == (text == "1"))
            #expect((tree.boolean != nil) == (text == "true"))
            #expect(tree.array.isEmpty == (text != "[1]"))
            #expect(tree.object.isEmpty == (text != #"{"a":1}"#))
            #expect((tree["a"] != nil) == (text == #"{"a":1}"#))
            #expect(tree["b"] == nil)
        }
    }
}
