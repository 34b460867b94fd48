// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes the messages that the hub sends, each appended to bytes as one JSON text.
///
/// `timestamp` is milliseconds since 1970. `messageID` is that of the request which is answered, and 0 in what answers
/// nothing. Values named `data` or `payload` are JSON already and are copied byte for byte.
package enum HubMessage {
    /// Greets a new client with its id and what it has to know of the hub.
    package static func welcome(
        clientID: String,
        nodeID: String,
        version: String,
        pingIntervalMilliseconds: Int64,
        maxMessageBytes: Int,
        maxPayloadBytes: Int,
        messageID: Int64 = 0,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"welcome\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("client_id")
            writer.string(clientID)
            writer.key("node_id")
            writer.string(nodeID)
            writer.key("version")
            writer.string(version)
            writer.key("ping_interval_ms")
            writer.integer(pingIntervalMilliseconds)
            writer.key("max_message_bytes")
            writer.integer(maxMessageBytes)
            writer.key("max_payload_bytes")
            writer.integer(maxPayloadBytes)
        }
    }

    /// Says that the node is about to close its connections, and how long to wait before coming back.
    package static func draining(
        retryAfterMilliseconds: Int64,
        messageID: Int64 = 0,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"draining\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("retry_after_ms")
            writer.integer(retryAfterMilliseconds)
        }
    }

    /// Answers `ping` with the same data; with `null` if the ping had none.
    package static func pong(
        data: UnsafeRawBufferPointer?,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        pongLayout(data?.count, messageID, timestamp).append(to: &bytes) { output in
            if let data { output.raw(data) }
        }
    }

    /// How many bytes `pong` will append; nil is a ping without data.
    package static func pongByteCount(dataByteCount: Int?, _ messageID: Int64, _ timestamp: Int64) -> Int {
        pongLayout(dataByteCount, messageID, timestamp).count
    }

    private static func pongLayout(_ count: Int?, _ messageID: Int64, _ timestamp: Int64) -> MessageLayout {
        let closing: StaticString = count == nil ? "null" : ""
        let opening: StaticString = ",\"message_type\":\"pong\",\"data\":"
        return MessageLayout(opening, count ?? 0, closing, messageID: messageID, timestamp: timestamp)
    }

    /// Says why a message was refused.
    ///
    /// - Parameter messageType: The type of the refused message; empty if it could not be read.
    package static func error(
        code: ErrorCode,
        reason: String,
        messageType: String,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"error\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("code")
            writer.string(code.rawValue)
            writer.key("reason")
            writer.string(reason)
            writer.key("message_type")
            writer.string(messageType)
        }
    }

    /// Says why a message was refused, with all that the error knows of it.
    package static func error(_ error: MessageError, timestamp: Int64, to bytes: inout [UInt8]) {
        self.error(
            code: error.code,
            reason: error.reason,
            messageType: error.messageType ?? "",
            messageID: error.messageID,
            timestamp: timestamp,
            to: &bytes
        )
    }
}
