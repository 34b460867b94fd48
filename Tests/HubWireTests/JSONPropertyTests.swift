// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("JSON of random shape")
struct JSONPropertyTests {
    static let seeds: [UInt64] = Array(1...40)

    @Test("is accepted, also by those who walk its members, and as a part of something else", arguments: seeds)
    func accepts(seed: UInt64) throws {
        var random = JSONRandom(seed: seed)
        for _ in 0..<25 {
            let document = random.document()
            #expect(JSONProbe.fault(document.utf8) == nil, "\(document.debugDescription)")
            let members = try JSONProbe.members("{\"data\":\(document)}".utf8)
            #expect(members.count == 1)
            #expect(JSONProbe.fault(members[0].value.utf8) == nil)
            #expect(document.utf8.count >= members[0].value.utf8.count)
        }
    }

    @Test("is refused with one bracket or quote more, or one less", arguments: seeds)
    func refusesUnbalanced(seed: UInt64) {
        var random = JSONRandom(seed: seed)
        for _ in 0..<25 {
            let object = Array("{\"data\":\(random.document())}".utf8)
            for bracket in "[]{}".utf8 { #expect(JSONProbe.fault([bracket] + object) != nil) }
            for bracket in "[]{}\"".utf8 { #expect(JSONProbe.fault(object + [bracket]) != nil) }
            #expect(JSONProbe.fault(object.dropLast()) != nil)
            #expect(JSONProbe.fault(object.dropFirst()) != nil)
        }
    }

    @Test("changed in one byte, is read the same by all ways of reading it", arguments: seeds)
    func agrees(seed: UInt64) {
        var random = JSONRandom(seed: seed)
        for _ in 0..<50 {
            var object = Array("{\"data\":\(random.document())}".utf8)
            object[random.below(object.count)] = UInt8(random.below(256))
            var walked: JSONError?
            object.withUnsafeBytes { object in
                do throws(JSONError) { try JSONReader.members(of: object) { _, _ in } } catch { walked = error }
            }
            #expect(JSONProbe.fault(object) == walked)
        }
    }

    @Test("a text is the same after writing and reading it", arguments: seeds)
    func strings(seed: UInt64) throws {
        var random = JSONRandom(seed: seed)
        for _ in 0..<50 {
            let text = random.text()
            let written = JSONProbe.encode(text)
            #expect(JSONProbe.fault(written) == nil)
            #expect(Array(try JSONProbe.decode(written).utf8) == Array(text.utf8))
            #expect(EncodedString(text).bytes == written)
        }
    }

    @Test("a string in any form is decoded, measured and compared as the text it stands for", arguments: seeds)
    func forms(seed: UInt64) throws {
        var random = JSONRandom(seed: seed)
        for _ in 0..<50 {
            let (token, text) = random.string()
            try Array("{\(token):0}".utf8).withUnsafeBytes { object in
                var members = try JSONMembers(of: object, as: .untrusted)
                let key = try #require(try members.nextKey())
                #expect(Array(try key.decoded().utf8) == Array(text.utf8), "\(token.debugDescription)")
                #expect(key.decodedByteCount == text.utf8.count)
                #expect((key == "") == text.isEmpty)
                #expect(key.isEscaped == token.contains("\\"))
            }
        }
    }
}
