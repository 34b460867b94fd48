// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes frames: the shortest header that fits, the payload, and a client's mask.
package enum WebSocketFrame {
    /// The longest header: two bytes, a 64-bit length and a mask.
    package static let maxHeaderBytes = 14

    /// The longest payload of a close, ping or pong.
    package static let maxControlBytes = 125

    /// The length of an unmasked frame's header: 2, 4 or 10 bytes.
    package static func headerBytes(payloadCount: Int) -> Int {
        payloadCount < 126 ? 2 : payloadCount <= 0xFFFF ? 4 : 10
    }

    /// Appends a frame.
    ///
    /// - Parameter payload: A control frame takes its first 125 bytes only.
    /// - Parameter fin: Whether the message ends here; control frames always do.
    /// - Parameter mask: A client's fresh random key; `nil` on a server. Its highest byte goes first.
    package static func append(
        _ opcode: WebSocketOpcode,
        _ payload: UnsafeRawBufferPointer,
        fin: Bool = true,
        mask: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        let count = opcode.isControl ? min(payload.count, maxControlBytes) : payload.count
        output.append(addingCapacity: maxHeaderBytes + count) { span in
            span.withUnsafeMutableBufferPointer { buffer, written in
                guard let base = buffer.baseAddress.map({ UnsafeMutableRawPointer($0) }) else { return }
                let size = writeHeader(opcode, payloadCount: count, fin: fin, mask: mask, into: base)
                if let source = payload.baseAddress { (base + size).copyMemory(from: source, byteCount: count) }
                if let mask { WebSocketMask.apply(mask.byteSwapped, to: base + size, count: count) }
                written = size + count
            }
        }
    }

    /// Appends the header alone, for a payload that is written behind it, already masked if there is a mask.
    package static func appendHeader(
        _ opcode: WebSocketOpcode,
        payloadCount: Int,
        fin: Bool = true,
        mask: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        output.append(addingCapacity: maxHeaderBytes) { span in
            span.withUnsafeMutableBufferPointer { buffer, written in
                guard let base = buffer.baseAddress else { return }
                written = writeHeader(opcode, payloadCount: payloadCount, fin: fin, mask: mask, into: base)
            }
        }
    }

    /// Writes a header to memory that has room for ``maxHeaderBytes``; gives its length.
    @inline(__always)
    private static func writeHeader(
        _ opcode: WebSocketOpcode,
        payloadCount: Int,
        fin: Bool,
        mask: UInt32?,
        into base: UnsafeMutableRawPointer
    ) -> Int {
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        var size = headerBytes(payloadCount: payloadCount)
        base.storeBytes(of: (fin || opcode.isControl ? 0x80 : 0) | opcode.rawValue, as: UInt8.self)
        switch size {
        case 2:
            base.storeBytes(of: maskBit | UInt8(truncatingIfNeeded: payloadCount), toByteOffset: 1, as: UInt8.self)
        case 4:
            base.storeBytes(of: maskBit | 126, toByteOffset: 1, as: UInt8.self)
            let length = UInt16(truncatingIfNeeded: payloadCount)
            base.storeBytes(of: length.bigEndian, toByteOffset: 2, as: UInt16.self)
        default:
            base.storeBytes(of: maskBit | 127, toByteOffset: 1, as: UInt8.self)
            let length = UInt64(truncatingIfNeeded: payloadCount)
            base.storeBytes(of: length.bigEndian, toByteOffset: 2, as: UInt64.self)
        }
        if let mask {
            base.storeBytes(of: mask.bigEndian, toByteOffset: size, as: UInt32.self)
            size += 4
        }
        return size
    }

    /// Appends a close frame.
    ///
    /// - Parameter code: One that ``WebSocketCloseCode/isSendable(_:)``; any other writes a close without code and reason.
    /// - Parameter reason: Cut at the end of a character to 123 bytes.
    package static func appendClose(
        code: UInt16,
        reason: String = "",
        mask: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        var payload: [UInt8] = []
        if WebSocketCloseCode.isSendable(code) {
            payload = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
            for scalar in reason.unicodeScalars {
                let encoded = UTF8.encode(scalar)
                guard let encoded, payload.count + encoded.count <= maxControlBytes else { break }
                payload.append(contentsOf: encoded)
            }
        }
        payload.withUnsafeBytes { append(.close, $0, mask: mask, to: &output) }
    }
}
