// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire

/// A frame laid out by hand, as RFC 6455, section 5.2, draws it: independent of the code under test.
struct RawFrame: Sendable {
    var opcode: UInt8
    var payload: [UInt8] = []
    var fin = true
    var mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    var reserved: UInt8 = 0

    static func text(_ text: String, fin: Bool = true) -> RawFrame {
        RawFrame(opcode: 1, payload: Array(text.utf8), fin: fin)
    }
    static func text(_ bytes: [UInt8], fin: Bool = true) -> RawFrame { RawFrame(opcode: 1, payload: bytes, fin: fin) }
    static func binary(_ bytes: [UInt8], fin: Bool = true) -> RawFrame { RawFrame(opcode: 2, payload: bytes, fin: fin) }
    static func more(_ text: String, fin: Bool = false) -> RawFrame {
        RawFrame(opcode: 0, payload: Array(text.utf8), fin: fin)
    }
    static func more(_ bytes: [UInt8], fin: Bool = false) -> RawFrame { RawFrame(opcode: 0, payload: bytes, fin: fin) }
    static func ping(_ text: String = "") -> RawFrame { RawFrame(opcode: 9, payload: Array(text.utf8)) }
    static func pong(_ text: String = "") -> RawFrame { RawFrame(opcode: 10, payload: Array(text.utf8)) }
    static func close(_ code: UInt16? = nil, _ reason: String = "") -> RawFrame {
        RawFrame(opcode: 8, payload: (code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []) + Array(reason.utf8))
    }

    var bytes: [UInt8] {
        var bytes = [(fin ? 0x80 : 0) | reserved << 4 | opcode]
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        let count = payload.count
        switch count {
        case ..<126: bytes.append(maskBit | UInt8(count))
        case ..<65_536: bytes += [maskBit | 126, UInt8(count >> 8), UInt8(count & 0xFF)]
        default: bytes += [maskBit | 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// The frame as a server sends it.
    var unmasked: RawFrame {
        var frame = self
        frame.mask = nil
        return frame
    }
}

/// Reads frames in one piece, byte by byte, and, if there are not too many, cut at each place; all must give the same.
func readInAllWays(
    _ bytes: [UInt8],
    role: WebSocketRole = .server,
    maxMessageBytes: Int = 16 << 20
) throws -> FrameTranscript {
    let count = bytes.count
    let whole = try FrameTranscript.read(bytes, sizes: [count], role: role, maxMessageBytes: maxMessageBytes)
    var plans = count < 70_000 ? [Array(repeating: 1, count: count)] : []
    if count < 600 { plans += (1..<max(count, 1)).map { [$0, count - $0] } }
    if count > 1000 {
        let full = count / 997
        plans.append(Array(repeating: 997, count: full) + [count - full * 997])
    }
    for sizes in plans {
        let cut = try FrameTranscript.read(bytes, sizes: sizes, role: role, maxMessageBytes: maxMessageBytes)
        try FuzzFailure.require(cut == whole, "cut \(sizes.prefix(9)): \(cut), whole: \(whole)")
    }
    return whole
}
