// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes frames: the shortest header that fits, the payload, and a client's mask.
package enum WebSocketFrame {
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
        var payload = payload
        if opcode.isControl, payload.count > maxControlBytes {
            payload = UnsafeRawBufferPointer(rebasing: payload[..<maxControlBytes])
        }
        output.reserveRoom(headerBytes(payloadCount: payload.count) + 4 + payload.count)
        appendHeader(opcode, payloadCount: payload.count, fin: fin, mask: mask, to: &output)
        output.append(contentsOf: payload)
        if let mask { maskTail(payload.count, of: &output, mask: mask) }
    }

    /// Appends the header alone, for a payload that is written behind it, already masked if there is a mask.
    package static func appendHeader(
        _ opcode: WebSocketOpcode,
        payloadCount: Int,
        fin: Bool = true,
        mask: UInt32? = nil,
        to output: inout [UInt8]
    ) {
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        output.append((fin || opcode.isControl ? 0x80 : 0) | opcode.rawValue)
        if payloadCount < 126 {
            output.append(maskBit | UInt8(truncatingIfNeeded: payloadCount))
        } else {
            let bytes = payloadCount <= 0xFFFF ? 2 : 8
            output.append(maskBit | (bytes == 2 ? 126 : 127))
            for place in (0..<bytes).reversed() {
                output.append(UInt8(truncatingIfNeeded: payloadCount >> (8 * place)))
            }
        }
        if let mask {
            for place in (0..<4).reversed() { output.append(UInt8(truncatingIfNeeded: mask >> UInt32(8 * place))) }
        }
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

    private static func maskTail(_ count: Int, of output: inout [UInt8], mask: UInt32) {
        let start = output.count - count
        output.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            WebSocketMask.apply(mask.byteSwapped, to: base + start, count: count)
        }
    }
}

extension [UInt8] {
    /// Makes room for `count` more bytes, growing by doubling so that many small appends stay cheap.
    fileprivate mutating func reserveRoom(_ count: Int) {
        let needed = self.count + count
        if needed > capacity { reserveCapacity(Swift.max(needed, capacity * 2)) }
    }
}
