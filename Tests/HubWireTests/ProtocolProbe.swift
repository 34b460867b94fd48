// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What tests ask of the client protocol, with text in and values out.
enum ProtocolProbe {
    /// A message as values that outlive the buffer.
    struct Message: Equatable {
        var messageID: Int64 = 0
        var type = ""
        var knownType: MessageType?
        var data: String?
        var timestamp: Int64?
    }

    /// Parses a message.
    static func message(_ text: some Sequence<UInt8>) -> Result<Message, MessageError> {
        reading(text) { (bytes) throws(MessageError) in
            let message = try ClientMessage.parse(bytes)
            return Message(
                messageID: message.messageID,
                type: (try? message.type.decoded()) ?? "",
                knownType: message.knownType,
                data: message.data.map { String(decoding: bytes[$0], as: UTF8.self) },
                timestamp: message.timestamp
            )
        }
    }

    /// Has bytes parsed and tells what came of it.
    static func reading<Value>(
        _ text: some Sequence<UInt8>,
        _ parse: (UnsafeRawBufferPointer) throws(MessageError) -> Value
    ) -> Result<Value, MessageError> {
        Array(text).withUnsafeBytes { bytes in
            do throws(MessageError) { return .success(try parse(bytes)) } catch { return .failure(error) }
        }
    }

    /// The text that a function appends, which must be one JSON value.
    static func written(_ write: (inout [UInt8]) -> Void) -> String {
        var bytes: [UInt8] = []
        write(&bytes)
        return JSONProbe.fault(bytes) == nil ? String(decoding: bytes, as: UTF8.self) : "not JSON"
    }

    /// Hands out the bytes of a text.
    static func lending<Value>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        Array(text.utf8).withUnsafeBytes { body($0) }
    }
}

extension Result {
    /// The error; nil if it is a success.
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
