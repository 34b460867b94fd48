// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a bus did not publish.
package struct BusError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case topicEmpty = "topic_empty", closed, timeout, disconnected, tooLarge = "too_large", rejected, failed
        }
        private let kind: Kind

        /// The topic has no name.
        package static let topicEmpty = Code(kind: .topicEmpty)
        /// The bus was closed before.
        package static let closed = Code(kind: .closed)
        /// No answer by the deadline; the message may still arrive.
        package static let timeout = Code(kind: .timeout)
        /// There is no working connection, or it broke before the answer; then the message may have arrived.
        package static let disconnected = Code(kind: .disconnected)
        /// More bytes than the bus takes.
        package static let tooLarge = Code(kind: .tooLarge)
        /// The server refused it, for want of rights for example.
        package static let rejected = Code(kind: .rejected)
        /// Anything else; the message says what.
        package static let failed = Code(kind: .failed)

        package var description: String { kind.rawValue }
    }

    /// What kind of failure it is; a closed set.
    package let code: Code
    /// For the log: addresses allowed, secrets never.
    package let message: String

    /// Says what failed, and why.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The topic has no name.
    package static let topicEmpty = BusError(.topicEmpty, "topic cannot be empty")
    /// The bus was closed before.
    package static let closed = BusError(.closed, "message bus is closed")
    /// No answer by the deadline.
    package static let timeout = BusError(.timeout, "no answer from the message bus in time")
    /// There is no working connection.
    package static let disconnected = BusError(.disconnected, "the message bus is not connected")

    /// The code and the message, for logs.
    package var description: String { "\(code): \(message)" }
}
