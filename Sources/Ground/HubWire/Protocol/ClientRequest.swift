// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes the messages that clients send, each appended to bytes as one JSON text: for our own clients and tests.
///
/// `messageID` is the sender's counter, `timestamp` milliseconds since 1970. Values named `data` or `payload` are JSON
/// already and are copied byte for byte.
package enum ClientRequest {
    /// Asks for a `pong` with the same data.
    package static func ping(
        data: UnsafeRawBufferPointer,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"ping\",\"data\":"
        MessageLayout.append(opening, data, "", messageID: messageID, timestamp: timestamp, to: &bytes)
    }

    /// Asks for what is published to a topic from now on.
    package static func subscribe(topic: String, messageID: Int64, timestamp: Int64, to bytes: inout [UInt8]) {
        let opening: StaticString = ",\"message_type\":\"subscribe\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("topic")
            writer.string(topic)
        }
    }

    /// Asks for no more of a topic.
    package static func unsubscribe(topic: String, messageID: Int64, timestamp: Int64, to bytes: inout [UInt8]) {
        let opening: StaticString = ",\"message_type\":\"unsubscribe\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("topic")
            writer.string(topic)
        }
    }

    /// Publishes to a topic.
    ///
    /// - Parameters:
    ///   - echo: Whether the publisher wants its own message too if it has subscribed.
    ///   - confirm: Whether the answer is to wait for the bus, and to be an error where that cannot be reached.
    package static func publish(
        topic: String,
        payload: UnsafeRawBufferPointer,
        echo: Bool = true,
        confirm: Bool = false,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"publish\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("topic")
            writer.string(topic)
            writer.key("payload")
            writer.raw(payload)
            if !echo {
                writer.key("echo")
                writer.boolean(false)
            }
            if confirm {
                writer.key("confirm")
                writer.boolean(true)
            }
        }
    }

    /// Sends to every client of every node.
    package static func broadcast(
        payload: UnsafeRawBufferPointer,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"broadcast\",\"data\":{\"payload\":"
        MessageLayout.append(opening, payload, "}", messageID: messageID, timestamp: timestamp, to: &bytes)
    }

    /// Sends to one client, wherever it is.
    package static func unicast(
        clientID: String,
        payload: UnsafeRawBufferPointer,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"unicast\",\"data\":"
        MessageLayout.append(opening, messageID: messageID, timestamp: timestamp, to: &bytes) { writer in
            writer.key("client_id")
            writer.string(clientID)
            writer.key("payload")
            writer.raw(payload)
        }
    }
}
