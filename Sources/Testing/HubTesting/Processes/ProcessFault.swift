// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why a process or a server that a test needs did not do what was expected of it.
package struct ProcessFault: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The program could not be found or started.
        case notStarted
        /// It ended before it should have.
        case ended
        /// The condition did not come true in time.
        case timedOut
        /// It answered, but not what can be used.
        case badReply
    }

    package let code: Code
    /// What happened, with the last lines that the process wrote.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
