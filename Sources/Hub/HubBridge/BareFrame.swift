// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubWire

/// What clients get of a payload that no node sent: JSON as it is, other text as a JSON string, anything else as a binary frame.
struct BareFrame {
    let bytes: [UInt8]
    let isBinary: Bool

    private static let from = EncodedString("bus")

    /// Makes a frame; nil when clients may not get one of this size.
    ///
    /// - Parameter name: The topic as clients are told it.
    init?(_ payload: UnsafeRawBufferPointer, to name: TopicName, hub: Hub, limit: Int) {
        var bytes: [UInt8] = []
        if (try? JSONReader.validate(payload)) != nil {
            Self.append(payload, name.text, hub, to: &bytes)
            isBinary = false
        } else if let text = String(validating: payload, as: UTF8.self) {
            let string = EncodedString(text)
            string.bytes.withUnsafeBytes { Self.append($0, name.text, hub, to: &bytes) }
            isBinary = false
        } else {
            BinaryPublish.append(topic: name, payload: payload, to: &bytes)
            isBinary = true
        }
        guard bytes.count <= limit else { return nil }
        self.bytes = bytes
    }

    private static func append(_ payload: UnsafeRawBufferPointer, _ topic: String, _ hub: Hub, to bytes: inout [UInt8])
    {
        HubMessage.message(
            topic: EncodedString(topic),
            payload: payload,
            from: from,
            messageID: hub.nextMessageID(),
            timestamp: hub.unixMilliseconds(),
            to: &bytes
        )
    }
}
