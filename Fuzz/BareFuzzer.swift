// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubWire

/// What must hold of payloads that no node sent: whatever they are, clients get a frame that they can read, with the bytes
/// in it that came.
package enum BareFuzzer {
    private static let names: [String] = ["broadcast", "a\"\\é", "unicast/0190b2c4-7d4e-7c3a-9f51-2b7c4f0e6a11"]

    package static func run(_ payload: UnsafeRawBufferPointer) throws(FuzzFailure) {
        guard let name = try? TopicName(names[payload.count % names.count]) else { throw FuzzFailure("a name is one") }
        guard let frame = frame(payload, to: name, limit: .max) else { throw FuzzFailure("there is room") }
        try FuzzFailure.require(
            Self.frame(payload, to: name, limit: frame.bytes.count)?.bytes == frame.bytes
                && Self.frame(payload, to: name, limit: frame.bytes.count - 1) == nil,
            "the limit is that of the frame"
        )
        let isText = UTF8Validator.isValid(payload)
        try FuzzFailure.require(frame.isBinary == !isText, "text comes as text, and nothing else does")
        guard isText else {
            let expected = [UInt8(name.text.utf8.count)] + Array(name.text.utf8) + Array(payload)
            return try FuzzFailure.require(frame.bytes == expected, "a binary frame is the topic and the bytes")
        }
        let failure = frame.bytes.withUnsafeBytes { bytes -> String? in
            do { return try check(bytes, name, payload) } catch { return "the frame can be read: \(error)" }
        }
        if let failure { throw FuzzFailure(failure) }
    }

    private static func frame(_ payload: UnsafeRawBufferPointer, to name: TopicName, limit: Int) -> BareFrame? {
        BareFrame(payload, to: name, limit: limit, messageID: 7, timestamp: 9)
    }

    /// What is wrong with a text frame.
    private static func check(
        _ frame: UnsafeRawBufferPointer,
        _ name: TopicName,
        _ payload: UnsafeRawBufferPointer
    ) throws -> String? {
        try JSONReader.validate(frame)
        let message = try ClientMessage.parse(frame)
        guard message.knownType == .message, message.messageID == 7, message.timestamp == 9 else { return "a message" }
        let data = try message.requiredData(in: frame)
        let delivery = try DeliveryData.parse(data)
        guard try delivery.topic.decoded().utf8.elementsEqual(name.text.utf8), delivery.from == "bus" else {
            return "it says where it went, and whence it came"
        }
        let delivered = UnsafeRawBufferPointer(rebasing: data[delivery.payload])
        if delivered.elementsEqual(JSONFuzzer.trimmed(payload)) { return nil }
        guard let text = try JSONReader.string(delivered)?.decoded(), text.utf8.elementsEqual(payload) else {
            return "the payload is what came, or its text"
        }
        let isJSON = (try? JSONReader.validate(payload, maximumDepth: JSONReader.maximumDepth - 2)) != nil
        return isJSON ? "JSON comes as it is" : nil
    }
}
