// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import Testing

/// The names of connections: UUIDs of version 7.
@Suite("ClientID")
struct ClientIDTests {
    static let times: [Int64] = [0, 1, 1_700_000_000_000, 0xFFFF_FFFF_FFFF, 1 << 48, -1, .max, .min]

    @Test("the text has the form, version and variant of RFC 9562", arguments: times)
    func form(time: Int64) {
        var random = SplitMix64(seed: 3)
        for _ in 0..<200 {
            let text = Array(ClientID(unixMilliseconds: time, using: &random).description.utf8)
            #expect(text.count == 36)
            for (index, byte) in text.enumerated() {
                switch index {
                case 8, 13, 18, 23: #expect(byte == UInt8(ascii: "-"))
                case 14: #expect(byte == UInt8(ascii: "7"))
                case 19: #expect("89ab".utf8.contains(byte))
                default: #expect("0123456789abcdef".utf8.contains(byte))
                }
            }
        }
    }

    @Test("the first 48 bits are the time")
    func time() {
        var random = SplitMix64(seed: 1)
        let id = ClientID(unixMilliseconds: 0x0123_4567_89AB, using: &random)
        #expect(id.description.hasPrefix("01234567-89ab-7"))
    }

    @Test("all other bits are used: 74 of them take both values")
    func randomBits() throws {
        var random = SplitMix64(seed: 5)
        var ones: [UInt8] = Array(repeating: 0, count: 32)
        var zeros = ones
        for _ in 0..<500 {
            let digits = ClientID(unixMilliseconds: 0, using: &random).description.filter { $0 != "-" }
            for (index, digit) in digits.enumerated() {
                let value = try #require(UInt8(String(digit), radix: 16))
                ones[index] |= value
                zeros[index] |= ~value & 0xF
            }
        }
        let changing = zip(ones, zeros).map { $0 & $1 }
        #expect(changing.reduce(0) { $0 + $1.nonzeroBitCount } == 74)
        #expect(changing[..<13].allSatisfy { $0 == 0 })
    }

    @Test("text and id are each other's inverse, in either case of letters", arguments: times)
    func roundTrip(time: Int64) {
        var random = SplitMix64(seed: 9)
        for _ in 0..<200 {
            let id = ClientID(unixMilliseconds: time, using: &random)
            #expect(ClientID(id.description) == id)
            #expect(ClientID(id.description.uppercased()) == id)
            #expect(ClientID(id.description)?.hashValue == id.hashValue)
            var bytes: [UInt8] = [1]
            id.append(to: &bytes)
            #expect(bytes == [1] + Array(id.description.utf8))
        }
    }

    @Test("a text that is changed in any place is refused or another id")
    func changed() {
        var random = SplitMix64(seed: 2)
        let id = ClientID(unixMilliseconds: 1, using: &random)
        let text = Array(id.description.utf8)
        for index in text.indices {
            for byte in 0...0x7F as ClosedRange<UInt8> {
                var changed = text
                changed[index] = byte
                let letter = byte == text[index] || byte | 0x20 == text[index] && byte > 0x40
                let parsed = ClientID(String(decoding: changed, as: UTF8.self))
                #expect((parsed == id) == letter, "\(byte) at \(index)")
            }
        }
    }

    @Test(
        "what is not a UUID's text is refused",
        arguments: [
            "", "-", "0", "0190a0a0-0000-7000-8000-00000000000", "0190a0a0-0000-7000-8000-0000000000000",
            "0190a0a000007000800000000000000000000", "0190a0a0000070008000000000000000",
            "{0190a0a0-0000-7000-8000-000000000000}", "0190a0a0-0000-7000-8000-00000000000g",
            "0190a0a0-0000-7000-8000-00000000000 ", " 0190a0a0-0000-7000-8000-00000000000",
            "0190a0a0_0000_7000_8000_000000000000", "0190a0a-00000-7000-8000-000000000000",
            "0190a0a0-0000-7000-8000-0000000000é", "０190a0a0-0000-7000-8000-000000000000", "urn:uuid:0190a0a0",
        ]
    )
    func malformed(text: String) { #expect(ClientID(text) == nil) }

    @Test("names sort by the time of connecting")
    func sorts() {
        var random = SplitMix64(seed: 4)
        let times: [Int64] = (0..<200).map { $0 * 7_919 } + [1_700_000_000_000, 1_700_000_000_001, 0xFFFF_FFFF_FFFF]
        let names = times.map { ClientID(unixMilliseconds: $0, using: &random).description }
        #expect(names == names.sorted())
    }

    @Test("names of one millisecond differ")
    func unique() {
        var random = SplitMix64(seed: 2)
        let ids = Set((0..<10_000).map { _ in ClientID(unixMilliseconds: 1, using: &random) })
        #expect(ids.count == 10_000)
    }

    @Test(
        "a tag is the last sixteen bits, and leaves all others random",
        arguments: [0, 1, 0x8000, 0xABCD, 0xFFFF] as [UInt16]
    )
    func tag(tag: UInt16) {
        var (random, same) = (SplitMix64(seed: 6), SplitMix64(seed: 6))
        let id = ClientID(unixMilliseconds: 1_700_000_000_000, tag: tag, using: &random)
        let plain = ClientID(unixMilliseconds: 1_700_000_000_000, using: &same)
        #expect(id.tag == tag)
        let last = String(tag, radix: 16)
        #expect(id.description.hasSuffix(String(repeating: "0", count: 4 - last.count) + last))
        #expect(id.description.dropLast(4) == plain.description.dropLast(4))
        #expect(ClientID(id.description)?.tag == tag)
    }

    @Test("bytes and id are each other's inverse, and the bytes are those of the text", arguments: times)
    func bytes(time: Int64) {
        var random = SplitMix64(seed: 8)
        for _ in 0..<50 {
            let id = ClientID(unixMilliseconds: time, using: &random)
            #expect(id.bytes.withUnsafeBytes { ClientID(bytes: $0) } == id)
            let text = id.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(text == id.description.filter { $0 != "-" })
        }
    }

    @Test("any other number of bytes is no id", arguments: [0, 1, 15, 17, 36])
    func wrongBytes(count: Int) {
        #expect([UInt8](repeating: 7, count: count).withUnsafeBytes { ClientID(bytes: $0) } == nil)
    }
}
