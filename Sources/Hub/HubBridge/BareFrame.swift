// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// What clients get of a payload that no node sent: JSON as it is, other text as a JSON string, anything else as a binary frame.
package struct BareFrame {
    /// The content of the frame.
    package let bytes: [UInt8]
    /// Whether it is the content of a binary frame.
    package let isBinary: Bool

    private static let from = EncodedString("bus")
    /// The message and its `data` are around the payload: what is nested deeper than that no client could read.
    private static let maximumDepth = JSONReader.maximumDepth - 2

    /// Makes a frame; nil when clients may not get one of this size.
    ///
    /// - Parameter name: The topic as clients are told it.
    /// - Parameter limit: The most bytes that a frame may have.
    /// - Parameter messageID: The number of the message; asked for only if it has one.
    package init?(
        _ payload: UnsafeRawBufferPointer,
        to name: TopicName,
        limit: Int,
        messageID: @autoclosure () -> Int64,
        timestamp: @autoclosure () -> Int64
    ) {
        func message(_ payload: UnsafeRawBufferPointer) -> [UInt8] {
            var bytes: [UInt8] = []
            HubMessage.message(
                topic: EncodedString(name.text),
                payload: payload,
                from: Self.from,
                messageID: messageID(),
                timestamp: timestamp(),
                to: &bytes
            )
            return bytes
        }
        var bytes: [UInt8] = []
        if (try? JSONReader.validate(payload, maximumDepth: Self.maximumDepth)) != nil {
            bytes = message(payload)
            isBinary = false
        } else if let text = String(validating: payload, as: UTF8.self) {
            bytes = EncodedString(text).bytes.withUnsafeBytes(message)
            isBinary = false
        } else {
            BinaryPublish.append(topic: name, payload: payload, to: &bytes)
            isBinary = true
        }
        guard bytes.count <= limit else { return nil }
        self.bytes = bytes
    }
}
