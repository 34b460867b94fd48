// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// What the server has still to confirm, in the order in which it was said.
///
/// NATS confirms nothing by itself. But a server handles what one connection says in order, and a message of the node to itself comes
/// back: with it, all that was said before is confirmed.
struct NATSReceipts {
    /// What a message to the node itself stands behind.
    enum Subject {
        /// Publications up to an id.
        case publications(UInt64)
        /// Interests up to a generation.
        case interests(UInt64)
    }

    private var waiting = FIFO<(number: UInt64, subject: Subject)>()
    /// The last number that was given.
    private(set) var lastNumber: UInt64 = 0

    /// Adds what was just said.
    ///
    /// - Returns: The number that has to come back.
    mutating func add(_ subject: Subject) -> UInt64 {
        lastNumber += 1
        waiting.append((lastNumber, subject))
        return lastNumber
    }

    /// Takes the first of what a number confirms; nil when there is nothing more.
    mutating func confirm(_ number: UInt64) -> Subject? {
        waiting.popFirst { $0.number <= number }?.subject
    }
}
