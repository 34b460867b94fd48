// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

@Suite("Writing frames")
struct WebSocketFrameTests {
    @Test("the header is the shortest that fits", arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
    func lengths(count: Int) {
        let payload = [UInt8](repeating: 0x61, count: count)
        for mask in [nil, 0x37FA_213D as UInt32] {
            var written: [UInt8] = [0xEE]
            payload.withUnsafeBytes { WebSocketFrame.append(.text, $0, mask: mask, to: &written) }
            var expected = RawFrame.text(payload)
            if mask == nil { expected = expected.unmasked }
            #expect(written == [0xEE] + expected.bytes)
            #expect(
                WebSocketFrame.headerBytes(payloadCount: count) == RawFrame.text(payload).unmasked.bytes.count - count
            )
        }
    }

    @Test("each opcode has its number, and a fragment no final bit", arguments: WebSocketOpcode.allCases)
    func opcodes(opcode: WebSocketOpcode) {
        for fin in [true, false] {
            var written: [UInt8] = []
            [0x61 as UInt8].withUnsafeBytes { WebSocketFrame.append(opcode, $0, fin: fin, to: &written) }
            #expect(written == [(fin || opcode.isControl ? 0x80 : 0) | opcode.rawValue, 1, 0x61])
        }
    }

    @Test("a control frame is cut to what it may hold")
    func controlIsCut() {
        var written: [UInt8] = []
        [UInt8](repeating: 1, count: 200).withUnsafeBytes { WebSocketFrame.append(.pong, $0, to: &written) }
        #expect(written.count == 127)
        #expect(written[1] == 125)
    }

    @Test("a header alone goes before a payload that is elsewhere")
    func headerAlone() {
        var written: [UInt8] = []
        WebSocketFrame.appendHeader(.binary, payloadCount: 300, to: &written)
        #expect(written == [0x82, 126, 1, 44])
    }

    @Test(
        "a close frame has its code and a reason that ends with a character",
        arguments: [
            ("", 2), ("bye", 5), (String(repeating: "x", count: 123), 125), (String(repeating: "x", count: 124), 125),
            (String(repeating: "é", count: 62), 124), (String(repeating: "😀", count: 40), 122),
        ]
    )
    func close(reason: String, count: Int) throws {
        var written: [UInt8] = []
        WebSocketFrame.appendClose(code: 1013, reason: reason, mask: 0xFFFF_0001, to: &written)
        #expect(written.count == 6 + count)
        let kept = String(decoding: Array(reason.utf8).prefix(count - 2), as: UTF8.self)
        #expect(try readInAllWays(written).events == [.close(1013, kept)])
    }

    @Test(
        "a close code that must not be sent is not",
        arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] as [UInt16]
    )
    func unsendable(code: UInt16) {
        var written: [UInt8] = []
        WebSocketFrame.appendClose(code: code, reason: "bye", to: &written)
        #expect(written == [0x88, 0])
    }
}
