// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

/// The cases of the Autobahn test suite that a server without extensions meets, group by group.
@Suite("Autobahn's cases")
struct WebSocketAutobahnTests {
    typealias Event = FrameTranscript.Event

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let frames: [RawFrame]
        let events: [Event]

        init(_ name: String, _ frames: [RawFrame], _ events: [Event]) {
            (testDescription, self.frames, self.events) = (name, frames, events)
        }
    }

    @Test("1: framing", arguments: framing)
    func group1(entry: Case) throws { try check(entry) }

    @Test("2: pings and pongs", arguments: pings)
    func group2(entry: Case) throws { try check(entry) }

    @Test("3: reserved bits", arguments: reservedBits)
    func group3(entry: Case) throws { try check(entry) }

    @Test("4: opcodes", arguments: opcodes)
    func group4(entry: Case) throws { try check(entry) }

    @Test("5: fragmentation", arguments: fragmentation)
    func group5(entry: Case) throws { try check(entry) }

    @Test("6: UTF-8", arguments: utf8)
    func group6(entry: Case) throws { try check(entry) }

    @Test("7: closing", arguments: closing)
    func group7(entry: Case) throws { try check(entry) }

    @Test("9: large and fragmented", arguments: large)
    func group9(entry: Case) throws { try check(entry) }

    private func check(_ entry: Case) throws {
        #expect(try readInAllWays(entry.frames.flatMap(\.bytes)).events == entry.events)
        // A client reads the same from a server.
        let unmasked = entry.frames.map(\.unmasked)
        #expect(try readInAllWays(unmasked.flatMap(\.bytes), role: .client).events == entry.events)
    }

    private static func text(_ text: String) -> Event { .message(.text, Array(text.utf8)) }
    private static func refused(_ code: WebSocketError.Code) -> Event { .refused(WebSocketError(code)) }
    private static func stars(_ count: Int) -> [UInt8] { Array(repeating: 0x2A, count: count) }

    static let framing = [0, 125, 126, 127, 128, 65_535, 65_536].enumerated().flatMap { index, count in
        [
            Case("1.1.\(index + 1)", [.text(stars(count))], [.message(.text, stars(count))]),
            Case(
                "1.2.\(index + 1)",
                [.binary(stars(count).map { _ in 0xFE })],
                [.message(.binary, stars(count).map { _ in 0xFE })]
            ),
        ]
    }

    static let pings: [Case] = [
        Case("2.1", [.ping()], [.ping([])]),
        Case("2.2", [.ping("Hello, world!")], [.ping(Array("Hello, world!".utf8))]),
        Case(
            "2.3",
            [RawFrame(opcode: 9, payload: [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF])],
            [.ping([0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF])]
        ),
        Case("2.4", [RawFrame(opcode: 9, payload: stars(125))], [.ping(stars(125))]),
        Case("2.5", [RawFrame(opcode: 9, payload: stars(126))], [refused(.oversizedControl)]),
        Case("2.7", [.pong()], [.pong([])]),
        Case("2.8", [.pong("unsolicited")], [.pong(Array("unsolicited".utf8))]),
        Case("2.9", [.pong("unsolicited"), .ping("p")], [.pong(Array("unsolicited".utf8)), .ping([0x70])]),
        Case("2.10", (0..<10).map { .ping("\($0)") }, (0..<10).map { .ping(Array("\($0)".utf8)) }),
    ]

    static let reservedBits: [Case] = (1...7).flatMap { bits in
        [
            Case("3.\(bits), text", [RawFrame(opcode: 1, payload: [0x61], reserved: bits)], [refused(.reservedBits)]),
            Case(
                "3.\(bits), behind a text",
                [.text("good"), RawFrame(opcode: 2, payload: [0x61], reserved: bits), .ping()],
                [text("good"), refused(.reservedBits)]
            ),
            Case("3.\(bits), ping", [RawFrame(opcode: 9, reserved: bits)], [refused(.reservedBits)]),
            Case("3.\(bits), close", [RawFrame(opcode: 8, reserved: bits)], [refused(.reservedBits)]),
        ]
    }

    static let opcodes: [Case] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap { opcode in
        [
            Case("4, opcode \(opcode)", [RawFrame(opcode: opcode)], [refused(.reservedOpcode)]),
            Case(
                "4, opcode \(opcode), behind a text",
                [.text("good"), RawFrame(opcode: opcode, payload: [0x61]), .ping()],
                [text("good"), refused(.reservedOpcode)]
            ),
        ]
    }

    static let fragmentation: [Case] = [
        Case(
            "5.1",
            [RawFrame(opcode: 9, payload: [0x61], fin: false), .more("b", fin: true)],
            [refused(.fragmentedControl)]
        ),
        Case(
            "5.2",
            [RawFrame(opcode: 10, payload: [0x61], fin: false), .more("b", fin: true)],
            [refused(.fragmentedControl)]
        ),
        Case(
            "5.3 to 5.5",
            [.text("fragment1", fin: false), .more("fragment2", fin: true)],
            [text("fragment1fragment2")]
        ),
        Case(
            "5.6 to 5.8",
            [.text("fragment1", fin: false), .ping("ping"), .more("fragment2", fin: true)],
            [.ping(Array("ping".utf8)), text("fragment1fragment2")]
        ),
        Case("5.9", [.more("non-continuation", fin: true), .text("Hello")], [refused(.unexpectedContinuation)]),
        Case("5.12", [.more("non-continuation"), .text("Hello")], [refused(.unexpectedContinuation)]),
        Case(
            "5.15",
            [.text("a", fin: false), .more("b", fin: true), .more("c"), .text("d")],
            [text("ab"), refused(.unexpectedContinuation)]
        ),
        Case(
            "5.16",
            [.more("a"), .text("b", fin: false), .more("c", fin: true)],
            [refused(.unexpectedContinuation)]
        ),
        Case("5.18", [.text("a", fin: false), .text("b")], [refused(.expectedContinuation)]),
        Case(
            "5.19",
            [
                .text("1", fin: false), .more("2"), .ping("a"), .more("3"), .more("4"), .ping("b"),
                .more("5", fin: true),
            ],
            [.ping([0x61]), .ping([0x62]), text("12345")]
        ),
        Case("empty fragments", [.binary([], fin: false), .more(""), .more("", fin: true)], [.message(.binary, [])]),
    ]

    static let utf8: [Case] =
        [
            Case("6.1.1", [.text("")], [text("")]),
            Case("6.1.2", [.text("", fin: false), .more(""), .more("", fin: true)], [text("")]),
            Case("6.1.3", [.text("", fin: false), .more("middle"), .more("", fin: true)], [text("middle")]),
            Case("6.2.1", [.text("Hello-µ@ßöäüàá-UTF-8!!")], [text("Hello-µ@ßöäüàá-UTF-8!!")]),
            Case("6.2.4", Array("κόσμε".utf8).fragments(of: 1), [text("κόσμε")]),
            Case("6.3.1", [.text(broken)], [refused(.invalidUTF8)]),
            Case("6.3.2", broken.fragments(of: 1), [refused(.invalidUTF8)]),
            Case(
                "6.4.1",
                [.text(Array("κόσμε".utf8), fin: false), .more([0xF4, 0x90, 0x80, 0x80])],
                [refused(.invalidUTF8)]
            ),
        ]
        + valid.map { Case("6, valid \(hexadecimal($0))", [.text($0)], [.message(.text, $0)]) }
        + invalid.map { Case("6, invalid \(hexadecimal($0))", [.text($0)], [refused(.invalidUTF8)]) }
        + invalid.map {
            Case("6, in fragments, invalid \(hexadecimal($0))", $0.fragments(of: 1), [refused(.invalidUTF8)])
        }

    private static let broken: [UInt8] =
        Array("κόσμε".utf8) + [0xED, 0xA0, 0x80] + Array("edited".utf8)

    /// Groups 6.5, 6.7, 6.9, 6.11 and 6.22, 6.23: first and last characters of each length, and non-characters.
    private static let valid: [[UInt8]] =
        [[0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80]]
        + [
            [0xEF, 0xBF, 0xBD], [0xEF, 0xBF, 0xBE], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80],
            [0xF4, 0x8F, 0xBF, 0xBF],
        ]
        + [[0xF0, 0x9F, 0xBF, 0xBE], [0xF3, 0xBF, 0xBF, 0xBF]]

    /// Groups 6.6, 6.8, 6.10, 6.12 to 6.21: cut, lone, overlong, impossible, too large, surrogates.
    private static let invalid: [[UInt8]] =
        [[0xCE], [0xCE, 0xBA, 0xE1], [0xCE, 0xBA, 0xE1, 0xBD], [0xC2], [0xE0, 0xA0], [0xF0, 0x90, 0x80], [0xF8]]
        + [[0x80], [0xBF], [0x80, 0xBF], [0xC0, 0x20, 0xC1, 0x20], [0xE0, 0x20], [0xF0, 0x20], [0xFC, 0x20]]
        + [
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF],
            [0xFE, 0xFE, 0xFF, 0xFF],
        ]
        + [
            [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF],
        ]
        + [
            [0xF4, 0x90, 0x80, 0x80], [0xF7, 0xBF, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xAF, 0xBF],
            [0xED, 0xBF, 0xBF],
        ]
        + [[0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80]]

    static let closing: [Case] =
        [
            Case("7.1.1", [.text("Hello"), .close()], [text("Hello"), .close(nil, "")]),
            Case("7.1.2", [.close(), .close()], [.close(nil, "")]),
            Case("7.1.3", [.close(), .ping()], [.close(nil, "")]),
            Case("7.1.4", [.close(), .text("Hello")], [.close(nil, "")]),
            Case("7.1.5", [.text("a", fin: false), .close(), .more("b", fin: true)], [.close(nil, "")]),
            Case("7.3.1", [RawFrame(opcode: 8)], [.close(nil, "")]),
            Case("7.3.2", [RawFrame(opcode: 8, payload: [0x03])], [refused(.truncatedCloseCode)]),
            Case("7.3.3", [.close(1000)], [.close(1000, "")]),
            Case("7.3.4", [.close(1000, "Hello World!")], [.close(1000, "Hello World!")]),
            Case(
                "7.3.5",
                [.close(1000, String(repeating: "*", count: 123))],
                [.close(1000, String(repeating: "*", count: 123))]
            ),
            Case("7.3.6", [.close(1000, String(repeating: "*", count: 124))], [refused(.oversizedControl)]),
            Case("7.5.1", [RawFrame(opcode: 8, payload: [0x03, 0xE8] + broken)], [refused(.invalidCloseReason)]),
        ]
        + ([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] as [UInt16])
        .map { Case("7.7, \($0)", [.close($0)], [.close($0, "")]) }
        + ([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] as [UInt16])
        .map { Case("7.9, \($0)", [.close($0)], [refused(.invalidCloseCode)]) }

    static let large: [Case] =
        [64 << 10, 256 << 10, 1 << 20].flatMap { count in
            [
                Case("9.1, text of \(count) bytes", [.text(stars(count))], [.message(.text, stars(count))]),
                Case("9.2, binary of \(count) bytes", [.binary(stars(count))], [.message(.binary, stars(count))]),
            ]
        }
        + [64, 256, 1024, 4096, 65_536].map { size in
            Case(
                "9.3, text in fragments of \(size) bytes",
                stars(128 << 10).fragments(of: size),
                [.message(.text, stars(128 << 10))]
            )
        }
}

extension [UInt8] {
    /// A text in frames of this many bytes each.
    fileprivate func fragments(of size: Int) -> [RawFrame] {
        stride(from: 0, to: count, by: size).map { start in
            let part = Array(self[start..<Swift.min(start + size, count)])
            return RawFrame(opcode: start == 0 ? 1 : 0, payload: part, fin: start + size >= count)
        }
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String($0, radix: 16, uppercase: true) }.joined(separator: " ")
}
