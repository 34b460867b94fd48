// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import CHiredis

/// A reply that is lent for the time of a call, with the values inside it if it is an array.
///
/// It cannot leave the call that it is lent to; its bytes, which could, must not.
package struct RESPReply: ~Escapable {
    /// What a reply can be.
    package enum Kind: Sendable {
        /// A short text, like `OK`.
        case simple
        /// Bytes of any kind.
        case bulk
        /// A number.
        case integer
        /// Other values.
        case array
        /// Nothing, in place of a string or an array.
        case null
        /// Why the server did not do what it was asked.
        case error
    }

    private let reply: UnsafePointer<redisReply>

    /// Lends what hiredis holds.
    @_lifetime(immortal)
    init(lending reply: UnsafePointer<redisReply>) {
        self.reply = reply
    }

    /// What it is.
    package var kind: Kind {
        switch reply.pointee.type {
        case REDIS_REPLY_STATUS: .simple
        case REDIS_REPLY_STRING: .bulk
        case REDIS_REPLY_INTEGER: .integer
        case REDIS_REPLY_ARRAY: .array
        case REDIS_REPLY_ERROR: .error
        default: .null
        }
    }

    /// The text, the bytes or the error, valid while the reply is lent; empty for everything else.
    package var bytes: UnsafeRawBufferPointer {
        switch kind {
        case .simple, .bulk, .error: UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len)
        case .integer, .array, .null: UnsafeRawBufferPointer(start: nil, count: 0)
        }
    }

    /// The number; nil for everything else.
    package var integer: Int64? {
        kind == .integer ? reply.pointee.integer : nil
    }

    /// How many values an array has; 0 for everything else.
    package var count: Int {
        kind == .array ? reply.pointee.elements : 0
    }

    /// One of an array's values; nil where it has none.
    package subscript(index: Int) -> RESPReply? {
        @_lifetime(copy self)
        get {
            guard index >= 0, index < count, let value = reply.pointee.element[index] else { return nil }
            return _overrideLifetime(RESPReply(lending: value), copying: self)
        }
    }

    /// The value behind a name, for an array of names and values in turn; nil where there is none.
    @_lifetime(copy self)
    package func member(_ name: StaticString) -> RESPReply? {
        for index in 0..<count / 2 where self[2 * index]?.holds(name) == true { return self[2 * index + 1] }
        return nil
    }

    /// What it holds as text; nil for everything else, and for bytes that are not UTF-8.
    package var text: String? {
        kind == .simple || kind == .bulk ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// Whether it is a text or bytes, and these.
    package func holds(_ text: StaticString) -> Bool {
        guard kind == .simple || kind == .bulk, bytes.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes) }
    }

    /// The error as one of ours; nil for everything else.
    ///
    /// - Parameter action: What was asked, for the message; put together only where there is one.
    package func error(to action: @autoclosure () -> String) -> RedisError? {
        kind == .error ? RedisError(answer: bytes, to: action()) : nil
    }
}
