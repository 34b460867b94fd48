// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The messages about topics: one a request, and one a delivery, so each is one measured step and a few copies.
///
/// Topics and ids come as text, or encoded once by who sends them again and again.
extension HubMessage {
    private static var messageOpening: StaticString { ",\"message_type\":\"message\",\"data\":{\"topic\":" }
    private static var payloadKey: StaticString { ",\"payload\":" }
    private static var fromKey: StaticString { ",\"from\":" }

    /// Appends a `message`: a publication on its way to subscribers.
    ///
    /// - Parameter topic: The topic's name.
    /// - Parameter payload: One JSON value.
    /// - Parameter from: The publisher's id.
    /// - Complexity: O(payload), no allocation unless `bytes` has to grow.
    package static func message(
        topic: EncodedString,
        payload: UnsafeRawBufferPointer,
        from: EncodedString,
        messageID: Int64 = 0,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let layout = layout(topic, payload.count, from, messageID, timestamp)
        topic.bytes.withUnsafeBytes { topic in
            from.bytes.withUnsafeBytes { from in
                layout.append(to: &bytes) { output in
                    output.raw(topic)
                    output.raw(payloadKey)
                    output.raw(payload)
                    output.raw(fromKey)
                    output.raw(from)
                }
            }
        }
    }

    /// How many bytes `message` will append, for a frame header that is written before it.
    package static func messageByteCount(
        topic: EncodedString,
        payloadByteCount: Int,
        from: EncodedString,
        messageID: Int64 = 0,
        timestamp: Int64
    ) -> Int {
        layout(topic, payloadByteCount, from, messageID, timestamp).count
    }

    /// The most that a `message` has beside its payload: for the longest topic, all of it escaped, and the longest numbers.
    package static let maxMessageOverhead = messageByteCount(
        topic: EncodedString(String(repeating: "\"", count: TopicName.maximumBytes)),
        payloadByteCount: 0,
        from: EncodedString(String(repeating: "0", count: 36)),
        messageID: .min,
        timestamp: .min
    )

    @inline(__always)
    private static func layout(
        _ topic: EncodedString,
        _ payloadCount: Int,
        _ from: EncodedString,
        _ messageID: Int64,
        _ timestamp: Int64
    ) -> MessageLayout {
        let keys = payloadKey.utf8CodeUnitCount + fromKey.utf8CodeUnitCount
        let count = topic.bytes.count + payloadCount + from.bytes.count + keys
        return MessageLayout(messageOpening, count, "}", messageID: messageID, timestamp: timestamp)
    }

    /// Appends a `message` whose names are text.
    package static func message(
        topic: String,
        payload: UnsafeRawBufferPointer,
        from: String,
        messageID: Int64 = 0,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        message(
            topic: EncodedString(topic),
            payload: payload,
            from: EncodedString(from),
            messageID: messageID,
            timestamp: timestamp,
            to: &bytes
        )
    }

    /// Answers `subscribe`.
    package static func subscribed(topic: EncodedString, messageID: Int64, timestamp: Int64, to bytes: inout [UInt8]) {
        answer(",\"message_type\":\"subscribed\",\"data\":{\"topic\":", topic, true, messageID, timestamp, &bytes)
    }

    /// Answers `subscribe`.
    ///
    /// - Parameter isReachable: Whether other nodes' messages arrive; if not, `"bus":"unavailable"` says so.
    package static func subscribed(
        topic: String,
        isReachable: Bool = true,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"subscribed\",\"data\":{\"topic\":"
        answer(opening, EncodedString(topic), isReachable, messageID, timestamp, &bytes)
    }

    /// Answers `unsubscribe`.
    package static func unsubscribed(
        topic: EncodedString,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        answer(",\"message_type\":\"unsubscribed\",\"data\":{\"topic\":", topic, true, messageID, timestamp, &bytes)
    }

    /// Answers `unsubscribe`.
    package static func unsubscribed(topic: String, messageID: Int64, timestamp: Int64, to bytes: inout [UInt8]) {
        unsubscribed(topic: EncodedString(topic), messageID: messageID, timestamp: timestamp, to: &bytes)
    }

    /// Answers `publish`, `broadcast` and `unicast`.
    ///
    /// - Parameter topic: Where it went: the topic, `broadcast`, or `unicast/` and the receiver's id.
    package static func published(topic: EncodedString, messageID: Int64, timestamp: Int64, to bytes: inout [UInt8]) {
        answer(",\"message_type\":\"published\",\"data\":{\"topic\":", topic, true, messageID, timestamp, &bytes)
    }

    /// Answers `publish`, `broadcast` and `unicast`.
    ///
    /// - Parameter topic: Where it went: the topic, `broadcast`, or `unicast/` and the receiver's id.
    /// - Parameter isReachable: Whether it is on its way to other nodes; if not, `"bus":"unavailable"` says so.
    package static func published(
        topic: String,
        isReachable: Bool = true,
        messageID: Int64,
        timestamp: Int64,
        to bytes: inout [UInt8]
    ) {
        let opening: StaticString = ",\"message_type\":\"published\",\"data\":{\"topic\":"
        answer(opening, EncodedString(topic), isReachable, messageID, timestamp, &bytes)
    }

    private static func answer(
        _ opening: StaticString,
        _ topic: EncodedString,
        _ isReachable: Bool,
        _ messageID: Int64,
        _ timestamp: Int64,
        _ bytes: inout [UInt8]
    ) {
        let closing: StaticString = isReachable ? "}" : ",\"bus\":\"unavailable\"}"
        topic.bytes.withUnsafeBytes { topic in
            MessageLayout.append(opening, topic, closing, messageID: messageID, timestamp: timestamp, to: &bytes)
        }
    }
}
