// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Finds out when the library has told all that the server refused before something came.
///
/// nats.c tells refusals by a thread of its own, for which no message waits. The same thread tells, in the order in which things
/// came, that a subscription had no room for a message. So two messages go to a subscription that has room for next to
/// nothing: an empty one, for which there is room always and which makes the library tell again, and a larger one, which is told.
final class NATSFence {
    /// The most bytes for which the subscription has room.
    static let byteLimit: Int32 = 1

    private let connection: NATSConnection
    private let subject: Subject
    private var waiting = FIFO<UInt64>()

    init(_ connection: NATSConnection, _ subject: Subject) throws(NATSError) {
        self.connection = connection
        self.subject = subject
        _ = try connection.subscribe(subject, .fence) { _ in }
    }

    /// Begins to wait with a number; what tells the end goes out with the next flush.
    func add(_ number: UInt64) throws(NATSError) {
        try connection.publish(subject, [])
        try connection.publish(subject, [0, 0])
        waiting.append(number)
    }

    /// The number before which all is told now.
    func passed() -> UInt64? { waiting.popFirst() }
}
