// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a frame is, by the number that its first byte carries.
package enum WebSocketOpcode: UInt8, Sendable, CaseIterable {
    /// A further part of a message that an earlier frame began.
    case continuation = 0
    /// A message of UTF-8 text, or its first part.
    case text = 1
    /// A message of bytes, or its first part.
    case binary = 2
    /// The last frame of a side, with a code and a reason if it likes.
    case close = 8
    /// Asks the other side for a pong with the same bytes.
    case ping = 9
    /// Answers a ping, or just says that this side lives.
    case pong = 10

    /// Whether frames of this kind stand alone: at most 125 bytes, never fragmented, allowed between fragments.
    @inline(__always)
    package var isControl: Bool { rawValue & 8 != 0 }
}

/// Which side of a connection a parser or writer stands on: clients mask what they send, servers do not.
package enum WebSocketRole: UInt8, Sendable, CaseIterable {
    /// Receives masked frames only, and sends them unmasked.
    case server
    /// Receives unmasked frames only, and sends them masked.
    case client
}

/// What a message holds.
package enum WebSocketMessageKind: UInt8, Sendable, CaseIterable {
    /// Valid UTF-8.
    case text
    /// Any bytes.
    case binary
}
