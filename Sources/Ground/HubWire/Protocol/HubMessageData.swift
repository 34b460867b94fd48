// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The `data` of `welcome`, as a client reads it.
package struct WelcomeData: Sendable, Hashable {
    /// The id that the hub gave this connection.
    package let clientID: String
    /// The node that the client is connected to.
    package let nodeID: String
    /// The hub's version.
    package let version: String
    /// How often the hub pings, in milliseconds.
    package let pingIntervalMilliseconds: Int64
    /// The longest message the hub takes, in bytes.
    package let maxMessageBytes: Int64
    /// The longest payload that the hub delivers for certain, in bytes.
    package let maxPayloadBytes: Int64

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> WelcomeData {
        var reader = try DataReader(data)
        var (client, node, version): (JSONString?, JSONString?, JSONString?)
        var (interval, limit, payloadLimit): (Int64?, Int64?, Int64?)
        while let key = try reader.nextKey() {
            if key == "client_id" {
                try reader.string("client_id", into: &client)
            } else if key == "node_id" {
                try reader.string("node_id", into: &node)
            } else if key == "version" {
                try reader.string("version", into: &version)
            } else if key == "ping_interval_ms" {
                try reader.integer("ping_interval_ms", into: &interval)
            } else if key == "max_message_bytes" {
                try reader.integer("max_message_bytes", into: &limit)
            } else if key == "max_payload_bytes" {
                try reader.integer("max_payload_bytes", into: &payloadLimit)
            } else {
                try reader.skip()
            }
        }
        return WelcomeData(
            clientID: try DataReader.text(DataReader.required(client, "client_id")),
            nodeID: try DataReader.text(DataReader.required(node, "node_id")),
            version: try DataReader.text(DataReader.required(version, "version")),
            pingIntervalMilliseconds: try DataReader.required(interval, "ping_interval_ms"),
            maxMessageBytes: try DataReader.required(limit, "max_message_bytes"),
            maxPayloadBytes: try DataReader.required(payloadLimit, "max_payload_bytes")
        )
    }
}

/// The `data` of `draining`, as a client reads it.
package struct DrainingData: Sendable, Hashable {
    /// How long to wait before connecting again, in milliseconds.
    package let retryAfterMilliseconds: Int64

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> DrainingData {
        var reader = try DataReader(data)
        var delay: Int64?
        while let key = try reader.nextKey() {
            if key == "retry_after_ms" { try reader.integer("retry_after_ms", into: &delay) } else { try reader.skip() }
        }
        return DrainingData(retryAfterMilliseconds: try DataReader.required(delay, "retry_after_ms"))
    }
}

/// The `data` of `subscribed`, `unsubscribed` and `published`, as a client reads it.
package struct TopicData: Sendable, Hashable {
    /// The topic; `broadcast` or `unicast/` and an id where it went to no topic.
    package let topic: String
    /// Whether other nodes are reached; false for `"bus":"unavailable"`.
    package let isReachable: Bool

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> TopicData {
        var reader = try DataReader(data)
        var (topic, bus): (JSONString?, JSONString?)
        while let key = try reader.nextKey() {
            if key == "topic" {
                try reader.string("topic", into: &topic)
            } else if key == "bus" {
                try reader.string("bus", into: &bus)
            } else {
                try reader.skip()
            }
        }
        return TopicData(
            topic: try DataReader.text(DataReader.required(topic, "topic")),
            isReachable: bus.map { !($0 == "unavailable") } ?? true
        )
    }
}

/// The `data` of `message`, as a client reads it; it points into the buffer that was parsed.
package struct DeliveryData {
    /// The topic.
    package let topic: JSONString
    /// Where the payload stands in `data`, byte for byte.
    package let payload: Range<Int>
    /// The publisher's id.
    package let from: JSONString

    /// Parses the value of `data`; allocates nothing.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> DeliveryData {
        var reader = try DataReader(data)
        var (topic, from): (JSONString?, JSONString?)
        var payload: Range<Int>?
        while let key = try reader.nextKey() {
            if key == "topic" {
                try reader.string("topic", into: &topic)
            } else if key == "payload" {
                try reader.raw("payload", into: &payload)
            } else if key == "from" {
                try reader.string("from", into: &from)
            } else {
                try reader.skip()
            }
        }
        return DeliveryData(
            topic: try DataReader.required(topic, "topic"),
            payload: try DataReader.required(payload, "payload"),
            from: try DataReader.required(from, "from")
        )
    }
}

/// The `data` of `error`, as a client reads it.
package struct ErrorData: Sendable, Hashable {
    /// What went wrong, as written; see ``ErrorCode``.
    package let code: String
    /// Why, for a person.
    package let reason: String
    /// The type of the refused message; empty if the hub could not read it.
    package let messageType: String

    /// The code, if it is one that this version knows.
    package var knownCode: ErrorCode? { ErrorCode(rawValue: code) }

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> ErrorData {
        var reader = try DataReader(data)
        var (code, reason, type): (JSONString?, JSONString?, JSONString?)
        while let key = try reader.nextKey() {
            if key == "code" {
                try reader.string("code", into: &code)
            } else if key == "reason" {
                try reader.string("reason", into: &reason)
            } else if key == "message_type" {
                try reader.string("message_type", into: &type)
            } else {
                try reader.skip()
            }
        }
        return ErrorData(
            code: try DataReader.text(DataReader.required(code, "code")),
            reason: try DataReader.text(DataReader.required(reason, "reason")),
            messageType: try DataReader.text(DataReader.required(type, "message_type"))
        )
    }
}
