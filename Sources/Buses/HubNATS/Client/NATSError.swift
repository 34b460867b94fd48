// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats

/// Why NATS, or the connection to it, did not do what was asked.
package struct NATSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons, fit for a metric label.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case authFailed = "auth_failed"
            case badReply = "bad_reply"
            case closed
            case connectFailed = "connect_failed"
            case full
            case notPermitted = "not_permitted"
            case other
            case refused
            case timedOut = "timed_out"
            case tls
            case tooLarge = "too_large"
            case unavailable
        }

        private let kind: Kind

        /// The server does not take the user, the password, the token or the signature, or takes them no more.
        package static let authFailed = Code(kind: .authFailed)
        /// What came is not what NATS answers.
        package static let badReply = Code(kind: .badReply)
        /// The connection has ended.
        package static let closed = Code(kind: .closed)
        /// No connection could be made: no such host, or nobody listens.
        package static let connectFailed = Code(kind: .connectFailed)
        /// More waits to be sent than the connection may hold.
        package static let full = Code(kind: .full)
        /// The user may not publish or subscribe there.
        package static let notPermitted = Code(kind: .notPermitted)
        /// The library failed for another reason, which the message has.
        package static let other = Code(kind: .other)
        /// The server refused, in words that the message has.
        package static let refused = Code(kind: .refused)
        /// No answer in the time allowed.
        package static let timedOut = Code(kind: .timedOut)
        /// The server's certificate is not good, ours is not good enough for it, or only one side speaks TLS.
        package static let tls = Code(kind: .tls)
        /// A message has more bytes than the server takes.
        package static let tooLarge = Code(kind: .tooLarge)

        /// The server has no JetStream, or it is not there now.
        package static let unavailable = Code(kind: .unavailable)

        package var description: String { kind.rawValue }
    }

    /// The reason.
    package let code: Code
    /// For the log: addresses allowed, secrets never.
    package let message: String

    /// Says what failed, and why.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What the library said to something.
    ///
    /// - Parameter words: What it adds, if anything; its own sentence for the status otherwise.
    init(_ status: natsStatus, _ words: String = "", doing action: String) {
        let reason = words.isEmpty ? String(cString: natsStatus_GetText(status)) : words
        self.init(Self.code(of: status), "\(action): \(reason)")
    }

    /// What the library said last on this thread.
    static func last(_ status: natsStatus, doing action: String) -> NATSError {
        var last = status
        let words = nats_GetLastError(&last).map { String(cString: $0) } ?? ""
        return NATSError(status, last == status ? withoutPlace(words) : "", doing: action)
    }

    /// The library's words without `(conn.c:2088): `, where in its source it says them.
    private static func withoutPlace(_ words: String) -> String {
        guard words.hasPrefix("("), let end = words.firstIndex(of: ")") else { return words }
        let rest = words[end...]
        return rest.hasPrefix("): ") ? String(rest.dropFirst(3)) : words
    }

    private static func code(of status: natsStatus) -> Code {
        switch status {
        case NATS_CONNECTION_AUTH_FAILED: .authFailed
        case NATS_PROTOCOL_ERROR, NATS_LINE_TOO_LONG: .badReply
        case NATS_IO_ERROR, NATS_CONNECTION_CLOSED, NATS_CONNECTION_DISCONNECTED: .closed
        case NATS_NO_SERVER, NATS_ADDRESS_MISSING: .connectFailed
        case NATS_NOT_PERMITTED: .notPermitted
        case NATS_ERR: .refused
        case NATS_TIMEOUT, NATS_STALE_CONNECTION: .timedOut
        case NATS_SSL_ERROR, NATS_SECURE_CONNECTION_WANTED, NATS_SECURE_CONNECTION_REQUIRED: .tls
        case NATS_MAX_PAYLOAD: .tooLarge
        case NATS_SLOW_CONSUMER: .full
        default: .other
        }
    }

    /// The code and the message, for logs.
    package var description: String { "\(code): \(message)" }
}
