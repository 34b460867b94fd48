// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a bus did not do what it was asked.
package struct BusError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case topicEmpty = "topic_empty", closed, timeout, failed }
        private let kind: Kind

        /// The topic has no name.
        package static let topicEmpty = Code(kind: .topicEmpty)
        /// The bus was closed before.
        package static let closed = Code(kind: .closed)
        /// No answer within the time allowed; a message may still arrive.
        package static let timeout = Code(kind: .timeout)
        /// The bus refused or could not be reached; the message says why.
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
    package static var topicEmpty: BusError { BusError(.topicEmpty, "topic cannot be empty") }
    /// The bus was closed before.
    package static var closed: BusError { BusError(.closed, "message bus is closed") }
    /// No answer within the time allowed.
    package static var timeout: BusError { BusError(.timeout, "no answer from the message bus in time") }

    /// The code and the message, for logs.
    package var description: String { "\(code): \(message)" }
}
