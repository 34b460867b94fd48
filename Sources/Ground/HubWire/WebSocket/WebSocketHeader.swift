// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The first 2 to 14 bytes of a frame, checked as far as they go.
struct WebSocketHeader {
    var opcode: WebSocketOpcode
    var isFinal: Bool
    /// The payload's length.
    var length: Int
    /// The key, its first byte lowest; 0 if there is none.
    var mask: UInt32
    /// The header's own length.
    var size: Int

    /// Reads a header; `nil` while bytes are missing, though whatever is already wrong is refused at once.
    ///
    /// - Parameter inMessage: Whether a fragmented message is in progress.
    /// - Parameter room: How long a further part of a message may be.
    @inline(__always)
    static func read(
        _ base: UnsafeRawPointer,
        count: Int,
        role: WebSocketRole,
        inMessage: Bool,
        room: Int
    ) throws(WebSocketError) -> WebSocketHeader? {
        guard count >= 1 else { return nil }
        let first = base.load(as: UInt8.self)
        guard first & 0x70 == 0 else { throw WebSocketError(.reservedBits) }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { throw WebSocketError(.reservedOpcode) }
        let isFinal = first & 0x80 != 0
        if opcode.isControl {
            guard isFinal else { throw WebSocketError(.fragmentedControl) }
        } else if (opcode == .continuation) != inMessage {
            throw WebSocketError(inMessage ? .expectedContinuation : .unexpectedContinuation)
        }

        guard count >= 2 else { return nil }
        let second = base.load(fromByteOffset: 1, as: UInt8.self)
        let isMasked = second & 0x80 != 0
        guard isMasked == (role == .server) else {
            throw WebSocketError(isMasked ? .maskedFrame : .unmaskedFrame)
        }
        var length = Int(second & 0x7F)
        if opcode.isControl, length > 125 { throw WebSocketError(.oversizedControl) }

        var size = 2
        if length == 126 {
            guard count >= 4 else { return nil }
            length = Int(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length > 125 else { throw WebSocketError(.lengthNotMinimal) }
            size = 4
        } else if length == 127 {
            guard count >= 10 else { return nil }
            let wide = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard wide > 0xFFFF else { throw WebSocketError(.lengthNotMinimal) }
            guard wide >> 63 == 0 else { throw WebSocketError(.lengthOutOfRange) }
            guard let exact = Int(exactly: wide) else { throw WebSocketError(.messageTooBig) }
            length = exact
            size = 10
        }
        if !opcode.isControl, length > room { throw WebSocketError(.messageTooBig) }

        var mask: UInt32 = 0
        if isMasked {
            guard count >= size + 4 else { return nil }
            mask = UInt32(littleEndian: base.loadUnaligned(fromByteOffset: size, as: UInt32.self))
            size += 4
        }
        return WebSocketHeader(opcode: opcode, isFinal: isFinal, length: length, mask: mask, size: size)
    }
}
