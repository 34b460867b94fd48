// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats

/// What a message of the library's has; all of it is the library's memory.
enum NATSMessage {
    /// The subject; nil for none, which no message that came has.
    static func subject(of message: OpaquePointer) -> UnsafePointer<CChar>? { natsMsg_GetSubject(message) }

    /// Lends the payload.
    static func bytes(of message: OpaquePointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: natsMsg_GetData(message), count: Int(natsMsg_GetDataLength(message)))
    }

    /// Where an answer is wanted; nil where none is.
    static func reply(of message: OpaquePointer) -> UnsafePointer<CChar>? { natsMsg_GetReply(message) }

    /// Whether it says that nobody listens to a request.
    static func isNoResponders(_ message: OpaquePointer) -> Bool { natsMsg_IsNoResponders(message) }

    /// What a message without a payload says of a request: a status such as 408, and its words; nil for an ordinary message.
    static func status(of message: OpaquePointer) -> (code: String, words: String)? {
        guard natsMsg_GetDataLength(message) == 0, let code = header("Status", of: message) else { return nil }
        return (code, header("Description", of: message) ?? "")
    }

    private static func header(_ name: StaticString, of message: OpaquePointer) -> String? {
        var value: UnsafePointer<CChar>?
        let status = name.withUTF8Buffer { name in
            // A StaticString of UTF-8 ends with a byte 0, which the callers' literals are.
            UnsafeRawPointer(name.baseAddress).map {
                natsMsgHeader_Get(message, $0.assumingMemoryBound(to: CChar.self), &value)
            }
        }
        return status == NATS_OK ? value.map { String(cString: $0) } : nil
    }

    /// Lends the subject's bytes, without the one that ends them.
    static func withSubject(of message: OpaquePointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let subject = subject(of: message) else { return }
        var count = 0
        while subject[count] != 0 { count += 1 }
        body(UnsafeRawBufferPointer(start: subject, count: count))
    }
}
