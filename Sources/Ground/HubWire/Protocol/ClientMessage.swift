// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One message of the client protocol as it was received, by either side: the outer object, with `data` left untouched.
///
/// It points into the buffer that was parsed and lives no longer than that.
package struct ClientMessage {
    /// The sender's number for it; 0 if it has none.
    package let messageID: Int64
    /// What kind of message it is, as written.
    package let type: JSONString
    /// The kind, if it is one of the protocol.
    package let knownType: MessageType?
    /// Where the value of `data` stands in the buffer, byte for byte; nil if it has none.
    package let data: Range<Int>?
    /// `ts`, milliseconds since 1970 by the sender's clock; nil if it has none.
    package let timestamp: Int64?

    /// Parses a message in one strict pass.
    ///
    /// `message_type` is required and a string. `message_id` and `ts` may be left out; when there they are integers of
    /// 64 bits. Unknown members are checked and ignored. Allocates nothing unless it throws.
    ///
    /// - Parameter input: By default the bytes must be known to be UTF-8, as those of a received text message are.
    /// - Throws: ``MessageError`` `.badMessage`, with the type and the id as far as they were readable.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer,
        as input: JSONReader.Input = .validUTF8
    ) throws(MessageError) -> ClientMessage {
        var fields = Fields()
        do throws(JSONError) {
            var members = try JSONMembers(of: bytes, as: input)
            while let key = try members.nextKey() {
                try fields.take(key, from: &members)
            }
        } catch {
            throw fields.error(error.description)
        }
        if let fault = fields.fault { throw fields.error(fault) }
        guard let type = fields.type else { throw fields.error("\"message_type\" is missing") }
        return ClientMessage(
            messageID: fields.messageID ?? 0,
            type: type,
            knownType: MessageType(type),
            data: fields.data,
            timestamp: fields.timestamp
        )
    }

    /// The value of `data`, for the parsers of the requests.
    ///
    /// - Parameter bytes: The buffer that the message was parsed from.
    /// - Throws: ``MessageError`` `.badMessage` if there is none.
    package func requiredData(in bytes: UnsafeRawBufferPointer) throws(MessageError) -> UnsafeRawBufferPointer {
        guard let data else { throw MessageError(.badMessage, "\"data\" is missing").answering(self) }
        return UnsafeRawBufferPointer(rebasing: bytes[data])
    }

    /// The type as text, if it is short enough to be repeated in an answer.
    package var typeName: String? {
        if let knownType { return knownType.rawValue }
        return ClientMessage.text(of: type)
    }

    private static func text(of type: JSONString) -> String? {
        guard type.raw.count <= 6 * MessageError.maximumTypeBytes,
            type.decodedByteCount <= MessageError.maximumTypeBytes
        else { return nil }
        return try? type.decoded()
    }

    /// What has been read so far; after a fault it goes on, so that the answer can name the message.
    private struct Fields {
        var messageID: Int64?
        var type: JSONString?
        var data: Range<Int>?
        var timestamp: Int64?
        var fault: String?
        private var seen: UInt8 = 0

        @inline(__always)
        mutating func take(_ key: JSONString, from members: inout JSONMembers) throws(JSONError) {
            if key == "message_id" {
                let value = try members.integer()
                if once(1, "message_id") { messageID = required(value, "\"message_id\" must be an integer of 64 bits") }
            } else if key == "message_type" {
                let value = try members.string()
                if once(2, "message_type") { type = required(value, "\"message_type\" must be a string") }
            } else if key == "data" {
                let value = try members.value()
                if once(4, "data") { data = value }
            } else if key == "ts" {
                let value = try members.integer()
                if once(8, "ts") { timestamp = required(value, "\"ts\" must be an integer of 64 bits") }
            } else {
                _ = try members.value()
            }
        }

        @inline(__always)
        private mutating func once(_ bit: UInt8, _ name: StaticString) -> Bool {
            guard seen & bit == 0 else {
                fail("\"\(name)\" is there twice")
                return false
            }
            seen |= bit
            return true
        }

        @inline(__always)
        private mutating func required<Value>(_ value: Value?, _ reason: StaticString) -> Value? {
            if value == nil { fail("\(reason)") }
            return value
        }

        @inline(never)
        private mutating func fail(_ reason: @autoclosure () -> String) {
            if fault == nil { fault = reason() }
        }

        func error(_ reason: String) -> MessageError {
            MessageError(
                .badMessage,
                reason,
                messageType: type.flatMap(ClientMessage.text),
                messageID: messageID ?? 0
            )
        }
    }
}
