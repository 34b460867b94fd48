// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@Suite("UTF-8 in pieces")
struct UTF8ValidatorTests {
    @Test("every character is accepted, and none that is not one")
    func everyScalar() {
        let wrong = (UInt32(0)...0x11_FFFF).filter { isValid(Self.encode($0)) != (Unicode.Scalar($0) != nil) }
        #expect(wrong.isEmpty)
    }

    @Test("agrees with the standard library on all lead bytes with all kinds of followers")
    func allSequences() {
        let kinds: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2]
        var wrong: [[UInt8]] = []
        for lead in UInt8.min...UInt8.max {
            for second in kinds {
                if !isAsTheLibrarySays([lead, second]) { wrong.append([lead, second]) }
                for third in kinds {
                    for fourth in kinds where !isAsTheLibrarySays([lead, second, third, fourth]) {
                        wrong.append([lead, second, third, fourth])
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test(
        "refuses at the first byte after which nothing helps",
        arguments: [
            ([0x80], 0), ([0xC0], 0), ([0xC1], 0), ([0xF5], 0), ([0xFF], 0), ([0x41, 0x80], 1), ([0xC2, 0x41], 1),
            ([0xE0, 0x9F], 1), ([0xED, 0xA0], 1), ([0xF0, 0x8F], 1), ([0xF4, 0x90], 1), ([0xE2, 0x82, 0x41], 2),
            ([0xF0, 0x9F, 0x98, 0xC0], 3),
        ] as [([UInt8], Int)]
    )
    func failsFast(bytes: [UInt8], position: Int) {
        var validator = UTF8Validator()
        for (index, byte) in bytes.enumerated() {
            #expect(feed(&validator, [byte]) == (index < position))
        }
        #expect(!feed(&validator, []))
        #expect(!feed(&validator, [0x41]))
        #expect(!validator.isComplete)
    }

    @Test("finds a fault at every place of an ASCII text, fed from every alignment", arguments: 0..<70)
    func everyPlace(length: Int) {
        var wrong: [(start: Int, place: Int)] = []
        for start in 0..<8 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: start + length)
                bytes[start + place] = 0xFF
                var isRight = !isValid(bytes, from: start)
                bytes[start + place] = 0xC3
                isRight = isRight && !isValid(bytes, from: start)
                if place + 1 < length {
                    bytes[start + place + 1] = 0xA4
                    isRight = isRight && isValid(bytes, from: start)
                }
                if !isRight { wrong.append((start, place)) }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test(
        "texts that are cut anywhere are accepted, and only their wholes are complete",
        arguments: 0..<50 as Range<UInt64>
    )
    func randomCuts(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let samples: [Unicode.Scalar] = ["a", "\u{7F}", "é", "\u{7FF}", "€", "\u{FFFF}", "😀", "\u{10FFFF}", "\u{D7FF}"]
        let scalars = (0..<100).map { _ in samples.randomElement(using: &random) ?? "a" }
        let bytes = Array(String(String.UnicodeScalarView(scalars)).utf8)
        var validator = UTF8Validator()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...20, using: &random))
            #expect(feed(&validator, Array(bytes[start..<end])))
            let isAtStart = end == bytes.count || bytes[end] & 0xC0 != 0x80
            #expect(validator.isComplete == isAtStart)
            start = end
        }
    }

    private func isAsTheLibrarySays(_ bytes: [UInt8]) -> Bool {
        isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil)
    }

    private func isValid(_ bytes: [UInt8], from start: Int = 0) -> Bool {
        bytes.withUnsafeBytes { UTF8Validator.isValid(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    private func feed(_ validator: inout UTF8Validator, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { validator.feed($0) }
    }

    /// The bits of a number laid out as UTF-8 lays them out, character or not.
    private static func encode(_ value: UInt32) -> [UInt8] {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | value >> shift & 0x3F) }
        switch value {
        case ..<0x80: return [UInt8(value)]
        case ..<0x800: return [UInt8(0xC0 | value >> 6), tail(0)]
        case ..<0x1_0000: return [UInt8(0xE0 | value >> 12), tail(6), tail(0)]
        default: return [UInt8(0xF0 | value >> 18), tail(12), tail(6), tail(0)]
        }
    }
}
