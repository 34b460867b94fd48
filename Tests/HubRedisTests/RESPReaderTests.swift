// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubRedis
import HubTesting
import Testing

@Suite("A reader of Redis's replies")
struct RESPReaderTests {
    static func read(
        _ text: String,
        sizes: [Int]? = nil,
        limit: Int = RESPReader.defaultLimit
    ) throws -> RESPTranscript {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes {
            try RESPTranscript.read($0, sizes: sizes ?? [bytes.count], limit: limit)
        }
    }

    static let every: [(text: String, value: RESPValue)] = [
        ("+OK\r\n", .simple(Array("OK".utf8))),
        ("+\r\n", .simple([])),
        ("-ERR no\r\n", .error(Array("ERR no".utf8))),
        (":0\r\n", .integer(0)),
        (":-1\r\n", .integer(-1)),
        (":9223372036854775807\r\n", .integer(.max)),
        (":-9223372036854775808\r\n", .integer(.min)),
        ("$0\r\n\r\n", .text("")),
        ("$5\r\na\r\nb\u{0}\r\n", .text("a\r\nb\u{0}")),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("*0\r\n", .array([])),
        ("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n*1\r\n", .array([.text("message"), .text("c"), .text("*1")])),
        ("*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n$-1\r\n", .array([.array([.integer(1), .array([])]), .array([.null])])),
        (
            String(repeating: "*1\r\n", count: 8) + ":7\r\n",
            (0..<8).reduce(.integer(7)) { value, _ in .array([value]) }
        ),
    ]

    @Test("reads every kind, cut at every byte, and behind each other")
    func kinds() throws {
        let text = Self.every.map(\.text).joined()
        let values = Self.every.map(\.value)
        let count = text.utf8.count
        for cut in 0...count {
            let transcript = try Self.read(text, sizes: [cut, count - cut])
            #expect(transcript.values == values)
            #expect(transcript.failure == nil && !transcript.isMidReply)
        }
        #expect(try Self.read(text, sizes: Array(repeating: 1, count: count)).values == values)
        for (text, value) in Self.every where value != .null {
            #expect(value.encoded == Array(text.utf8))
        }
    }

    @Test(
        "refuses what is no reply, at its first byte that cannot be one, and ever after",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", "\u{0}", "_\r\n", "%1\r\n", ">3\r\n",
            ":\r\n", ":+1\r\n", ":01\r\n", ":-\r\n", ":-0\r\n", ":--1\r\n", ":1-\r\n", ": 1\r\n", ":1\n", ":1\r\r\n",
            ":9223372036854775808\r\n", ":-9223372036854775809\r\n", ":99999999999999999999999\r\n",
            "$\r\n", "$-2\r\n", "$a\r\n", "$1\r\nab\r\n", "$1\r\na\n\r", "$1\r\na\ra", "$18446744073709551616\r\n",
            "*-2\r\n", "*\r\n", "*1\r\nx", "+a\nb\r\n", "+a\rb\r\n",
            String(repeating: "*1\r\n", count: 8) + "*0\r\n", String(repeating: "*", count: 100),
        ]
    )
    func refuses(text: String) throws {
        let whole = try Self.read(":1\r\n" + text)
        #expect(whole.values == [.integer(1)])
        #expect(whole.failure?.code == .badReply)
        let cut = try Self.read(":1\r\n" + text, sizes: Array(repeating: 1, count: text.utf8.count + 4))
        #expect(cut == whole)
    }

    @Test(
        "refuses what is too large as soon as it is announced",
        arguments: [
            "$536870912\r\n", "$9223372036854775807\r\n", "$9223372036854775805\r\n", "$67108769\r\n",
            "*1000000000\r\n", "*2147483647\r\n", "*9223372036854775807\r\n", "*699051\r\n",
        ]
    )
    func tooLarge(text: String) throws {
        #expect(try Self.read(text).failure?.code == .tooLarge)
        #expect(try Self.read(String(text.dropLast())).failure == nil, "the line is not complete")
    }

    @Test("refuses what is too large together with what came before")
    func tooLargeTogether() throws {
        let first = "*2\r\n$40000000\r\n" + String(repeating: "a", count: 40_000_000) + "\r\n"
        try tooLarge(text: first + "$40000000\r\n")
    }

    @Test("counts each reply by itself, up to the limit and not beyond")
    func limit() throws {
        let reply = "*2\r\n$4\r\nabcd\r\n+efgh\r\n"
        let twice = try Self.read(reply + reply, limit: 3 * 96 + 8)
        #expect(twice.values.map(\.cost) == [296, 296])
        #expect(twice.failure == nil)
        #expect(try Self.read(reply, limit: 3 * 96 + 7).failure?.code == .tooLarge)
        #expect(try Self.read("+", limit: 95).failure?.code == .tooLarge)
        #expect(try Self.read("+a", limit: 96).failure?.code == .tooLarge)
        #expect(try Self.read(":1\r\n", limit: -1).failure?.code == .tooLarge)
    }

    @Test("keeps to the bytes that it was given, and holds nothing between replies")
    func offsets() throws {
        let reader = RESPReader()
        let large = [UInt8](repeating: 0x61, count: 1 << 20)
        let bytes = RESPValue.bulk(large).encoded + Array(":1\r\n+".utf8)
        try bytes.withUnsafeBytes { bytes throws in
            var offset = 0
            var isReply = try reader.next(in: bytes, at: &offset) { reply in
                #expect(reply.bytes.elementsEqual(large))
            }
            #expect(isReply && offset == large.count + 12 && reader.heldBytes == 0)
            isReply = try reader.next(in: bytes, at: &offset) { reply in
                #expect(reply.integer == 1)
            }
            #expect(isReply && reader.heldBytes == 0)
            for _ in 0..<2 {
                isReply = try reader.next(in: bytes, at: &offset) { _ in Issue.record("no reply") }
                #expect(!isReply && offset == bytes.count && reader.heldBytes == 1 && reader.isMidReply)
            }
        }
    }

    @Test("lends a reply that answers whatever it is asked")
    func accessors() throws {
        let reader = RESPReader()
        let bytes = Array("*2\r\n$2\r\nab\r\n:5\r\n-LOADING no\r\n".utf8)
        try bytes.withUnsafeBytes { bytes throws in
            var offset = 0
            _ = try reader.next(in: bytes, at: &offset) { reply in
                #expect(reply.count == 2 && reply.bytes.isEmpty && reply.integer == nil)
                #expect(reply[0]?.holds("ab") == true && reply[0]?.holds("a") == false && reply[0]?.count == 0)
                #expect(reply[1]?.integer == 5 && reply[1]?.holds("5") == false)
                let isOutside = reply[2] == nil && reply[-1] == nil && reply[1]?[0] == nil
                #expect(isOutside)
                #expect(reply.error(to: "asking") == nil)
            }
            _ = try reader.next(in: bytes, at: &offset) { reply in
                #expect(reply.error(to: "asking") == RedisError(.loading, "asking: LOADING no"))
            }
        }
    }

    @Test("gives the same for random replies however they are cut")
    func random() throws {
        var random = SplitMix64(seed: 0x6E50)
        for _ in 0..<60 {
            var bytes: [UInt8] = [0]
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                bytes += RESPValue.random(depth: 0, using: &random).encoded
            }
            // Mostly sound; sometimes with one byte changed.
            if Bool.random(using: &random) { bytes[Int.random(in: 1..<bytes.count, using: &random)] ^= 1 << 4 }
            try bytes.withUnsafeBytes { try RESPFuzzer.run($0) }
        }
    }
}

extension RESPValue {
    static func random(depth: Int, using random: inout SplitMix64) -> RESPValue {
        let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 32...126, using: &random) }
        switch Int.random(in: 0...(depth < 7 ? 7 : 4), using: &random) {
        case 0: return .simple(bytes)
        case 1: return .error(bytes)
        case 2: return .bulk(bytes.map { $0 &* 7 })
        case 3: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 4: return .null
        default:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in .random(depth: depth + 1, using: &random) }
            )
        }
    }
}
