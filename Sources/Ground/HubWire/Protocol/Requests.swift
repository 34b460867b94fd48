// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The `data` of `subscribe` and `unsubscribe`.
package struct TopicRequest: Sendable {
    /// The topic, never a reserved one.
    package let topicName: TopicName
    /// The topic as text.
    package var topic: String { topicName.text }

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`, or `.badTopic` for what is no topic name or a reserved one.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> TopicRequest {
        var reader = try DataReader(data)
        var topic: JSONString?
        while let key = try reader.nextKey() {
            if key == "topic" { try reader.string("topic", into: &topic) } else { try reader.skip() }
        }
        return TopicRequest(topicName: try TopicName(DataReader.required(topic, "topic")).subscribable())
    }
}

/// The `data` of `publish`.
package struct PublishRequest: Sendable {
    /// The topic; if ``TopicName/isBroadcast``, the request is a broadcast.
    package let topicName: TopicName
    /// The topic as text.
    package var topic: String { topicName.text }
    /// Where the payload stands in `data`: any JSON value, byte for byte.
    package let payload: Range<Int>
    /// Whether the publisher wants its own message if it has subscribed; true unless it says otherwise.
    package let echo: Bool
    /// Whether the answer is to wait until the bus has taken it; false unless it says otherwise.
    package let confirm: Bool

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`, or `.badTopic` for what is no topic name or the name of one client.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> PublishRequest {
        var reader = try DataReader(data)
        var topic: JSONString?
        var payload: Range<Int>?
        var (echo, confirm): (Bool?, Bool?)
        while let key = try reader.nextKey() {
            if key == "topic" {
                try reader.string("topic", into: &topic)
            } else if key == "payload" {
                try reader.raw("payload", into: &payload)
            } else if key == "echo" {
                try reader.boolean("echo", into: &echo)
            } else if key == "confirm" {
                try reader.boolean("confirm", into: &confirm)
            } else {
                try reader.skip()
            }
        }
        let token = try DataReader.required(topic, "topic")
        return PublishRequest(
            topicName: try TopicName(token).publishable(),
            payload: try DataReader.required(payload, "payload"),
            echo: echo ?? true,
            confirm: confirm ?? false
        )
    }
}

/// The `data` of `broadcast`.
package struct BroadcastRequest: Sendable {
    /// Where the payload stands in `data`: any JSON value, byte for byte.
    package let payload: Range<Int>
    /// Whether the answer is to wait until the bus has taken it; false unless it says otherwise.
    package let confirm: Bool

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> BroadcastRequest {
        var reader = try DataReader(data)
        var payload: Range<Int>?
        var confirm: Bool?
        while let key = try reader.nextKey() {
            if key == "payload" {
                try reader.raw("payload", into: &payload)
            } else if key == "confirm" {
                try reader.boolean("confirm", into: &confirm)
            } else {
                try reader.skip()
            }
        }
        return BroadcastRequest(payload: try DataReader.required(payload, "payload"), confirm: confirm ?? false)
    }
}

/// The `data` of `unicast`.
package struct UnicastRequest: Sendable {
    /// The receiver's id, as the sender wrote it.
    package let clientID: String
    /// Where the payload stands in `data`: any JSON value, byte for byte.
    package let payload: Range<Int>

    /// Parses the value of `data`.
    ///
    /// - Parameter data: JSON in UTF-8, as ``ClientMessage`` gives it.
    /// - Throws: ``MessageError`` `.badMessage`, or `.clientNotFound` for an id that no client can have.
    package static func parse(_ data: UnsafeRawBufferPointer) throws(MessageError) -> UnicastRequest {
        var reader = try DataReader(data)
        var client: JSONString?
        var payload: Range<Int>?
        while let key = try reader.nextKey() {
            if key == "client_id" {
                try reader.string("client_id", into: &client)
            } else if key == "payload" {
                try reader.raw("payload", into: &payload)
            } else {
                try reader.skip()
            }
        }
        let token = try DataReader.required(client, "client_id")
        let range = try DataReader.required(payload, "payload")
        return UnicastRequest(clientID: try TopicName.clientID(token), payload: range)
    }
}
