// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a ``WebSocketReceiver`` found; the bytes are valid until its next call.
package enum WebSocketEvent {
    /// A whole message, put together from its fragments; text has been checked to be UTF-8.
    case message(WebSocketMessageKind, UnsafeRawBufferPointer)
    /// A frame that ended with nothing to hand out, so that a reader may stop behind it: a part of a message that goes on, or
    /// what is stepped over on the way to the peer's close frame.
    case fragment
    /// A ping of at most 125 bytes, to be answered by a pong with the same bytes.
    case ping(UnsafeRawBufferPointer)
    /// A pong of at most 125 bytes.
    case pong(UnsafeRawBufferPointer)
    /// The peer's last frame; `nil` if it gave no code. Whatever it sends after this is ignored.
    case close(code: UInt16?, reason: String)
}
