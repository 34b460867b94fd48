// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What a client receives: text or bytes.
package enum Frame: Sendable, Equatable {
    /// UTF-8 text; the caller vouches for it.
    case text([UInt8])
    case binary([UInt8])

    /// Makes a text frame.
    package init(_ text: String) { self = .text(Array(text.utf8)) }

    /// Whether it is a binary frame.
    package var isBinary: Bool { opcode == 2 }

    /// What it carries.
    package var content: [UInt8] { payload }

    /// How many bytes it takes on the wire and in a queue, the header included.
    var wireByteCount: Int { payload.count + WebSocketFrame.headerBytes(payloadCount: payload.count) }

    var opcode: UInt8 {
        switch self {
        case .text: 1
        case .binary: 2
        }
    }

    var payload: [UInt8] {
        switch self {
        case .text(let bytes), .binary(let bytes): bytes
        }
    }
}
