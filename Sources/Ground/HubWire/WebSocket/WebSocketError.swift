// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a peer's frames cannot be accepted, and with which close code to say so.
package struct WebSocketError: Error, Hashable, Sendable {
    /// What was wrong: a closed set, fit for a metric label by its raw value.
    package enum Code: String, CaseIterable, Sendable {
        /// One of the three reserved bits is set, and no extension was agreed on.
        case reservedBits = "reserved_bits"
        /// An opcode that RFC 6455 does not define.
        case reservedOpcode = "reserved_opcode"
        /// A client's frame without a mask.
        case unmaskedFrame = "unmasked_frame"
        /// A server's frame with a mask.
        case maskedFrame = "masked_frame"
        /// A close, ping or pong that is not its message's only frame.
        case fragmentedControl = "fragmented_control"
        /// A close, ping or pong of more than 125 bytes.
        case oversizedControl = "oversized_control"
        /// A length in more bytes than it needs.
        case lengthNotMinimal = "length_not_minimal"
        /// A 64-bit length with its highest bit set.
        case lengthOutOfRange = "length_out_of_range"
        /// A continuation with no message to continue.
        case unexpectedContinuation = "unexpected_continuation"
        /// A new message before the last one ended.
        case expectedContinuation = "expected_continuation"
        /// A close frame with one byte, which is half a code.
        case truncatedCloseCode = "truncated_close_code"
        /// A close code that must not be sent.
        case invalidCloseCode = "invalid_close_code"
        /// A close reason that is not UTF-8.
        case invalidCloseReason = "invalid_close_reason"
        /// A text message that is not UTF-8.
        case invalidUTF8 = "invalid_utf8"
        /// A message above the limit.
        case messageTooBig = "message_too_big"

        /// Whether the fault lies in the peer's close frame, behind which nothing comes.
        package var isOfCloseFrame: Bool {
            self == .truncatedCloseCode || self == .invalidCloseCode || self == .invalidCloseReason
        }

        /// The close code that RFC 6455 has for it.
        package var closeCode: UInt16 {
            switch self {
            case .invalidUTF8, .invalidCloseReason: WebSocketCloseCode.invalidPayload
            case .messageTooBig: WebSocketCloseCode.messageTooBig
            default: WebSocketCloseCode.protocolError
            }
        }
    }

    /// What was wrong.
    package let code: Code

    /// The close code to answer with: 1002, 1007 or 1009.
    package var closeCode: UInt16 { code.closeCode }

    /// A sentence for the log and for the close frame's reason; below 123 bytes, the same for every peer.
    package var message: String {
        switch code {
        case .reservedBits: "a reserved bit is set"
        case .reservedOpcode: "the opcode is reserved"
        case .unmaskedFrame: "a client's frame must be masked"
        case .maskedFrame: "a server's frame must not be masked"
        case .fragmentedControl: "a control frame must not be fragmented"
        case .oversizedControl: "a control frame must not exceed 125 bytes"
        case .lengthNotMinimal: "the length takes more bytes than it needs"
        case .lengthOutOfRange: "the length has its highest bit set"
        case .unexpectedContinuation: "there is no message to continue"
        case .expectedContinuation: "the message before has not ended"
        case .truncatedCloseCode: "a close code has two bytes"
        case .invalidCloseCode: "the close code must not be sent"
        case .invalidCloseReason: "the close reason is not UTF-8"
        case .invalidUTF8: "the text is not UTF-8"
        case .messageTooBig: "the message is too big"
        }
    }

    /// An error of this code.
    package init(_ code: Code) { self.code = code }
}
