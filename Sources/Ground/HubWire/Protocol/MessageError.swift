// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Says why a message was refused, with all that the `error` message in answer to it needs.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    package let code: ErrorCode
    /// Why, for the person who writes the client; never any of the message's text.
    package let reason: String
    /// The `message_type` of the refused message, as far as it could be read, and short: nil otherwise.
    package var messageType: String?
    /// The `message_id` of the refused message, 0 if it could not be read.
    package var messageID: Int64

    /// The longest `message_type` that is repeated in an answer, in bytes.
    package static let maximumTypeBytes = 64

    /// Describes a refusal.
    package init(_ code: ErrorCode, _ reason: String, messageType: String? = nil, messageID: Int64 = 0) {
        self.code = code
        self.reason = reason
        self.messageType = messageType
        self.messageID = messageID
    }

    /// The same error, known to be about a message.
    package func answering(_ message: ClientMessage) -> MessageError {
        MessageError(code, reason, messageType: message.typeName, messageID: message.messageID)
    }

    package var description: String { "\(code.rawValue): \(reason)" }
}
