// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A binary frame: bytes published to a topic, the same shape in both directions.
///
/// One byte gives the length of the topic's name, the name follows, and all the rest is payload.
package struct BinaryPublish: Sendable {
    /// The topic; if ``TopicName/isBroadcast``, it goes to every client.
    package let topicName: TopicName
    /// The topic as text.
    package var topic: String { topicName.text }
    /// Where the payload stands in the frame; may be empty.
    package let payload: Range<Int>

    /// What an `error` message in answer to a binary frame carries as `message_type`.
    package static let messageType = MessageType.publish.rawValue

    /// Parses the bytes of a binary message.
    ///
    /// - Throws: ``MessageError`` `.badMessage` if it is shorter than it says, `.badTopic` for what is no topic name or
    ///   the name of one client; both carry `publish` as the type.
    package static func parse(_ bytes: UnsafeRawBufferPointer) throws(MessageError) -> BinaryPublish {
        do throws(MessageError) {
            guard let length = bytes.first, bytes.count > Int(length) else {
                throw MessageError(.badMessage, "a binary message begins with the length of its topic, and the topic")
            }
            let end = 1 + Int(length)
            let name = UnsafeRawBufferPointer(rebasing: bytes[1..<end]).bindMemory(to: UInt8.self)
            let text: String
            do throws(JSONError) { text = try JSONText.string(name.span) } catch {
                throw MessageError(.badTopic, "a topic is UTF-8")
            }
            return BinaryPublish(topicName: try TopicName(text).publishable(), payload: end..<bytes.count)
        } catch {
            throw MessageError(error.code, error.reason, messageType: messageType)
        }
    }

    /// Appends a binary message's bytes.
    package static func append(topic: TopicName, payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let name = topic.text.utf8
        bytes.append(UInt8(truncatingIfNeeded: name.count))
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: payload)
    }
}
