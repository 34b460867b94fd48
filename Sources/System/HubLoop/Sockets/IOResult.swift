// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What came of one read or write on a socket that never blocks.
package enum IOResult: Equatable, Sendable {
    /// So many bytes were moved, at least one unless none were offered.
    case bytes(Int)
    /// Nothing now: wait until the socket is ready.
    case wouldBlock
    /// The other end has ended its stream (read), or takes no more (write, `EPIPE`).
    case closed
    /// The connection is broken; the number is the `errno`, `ECONNRESET` for the most part.
    case failed(Int32)
}

/// What came of asking a listening socket for one connection.
package enum AcceptResult: Sendable {
    /// A connection, which the receiver has to close, and who it comes from.
    case accepted(Int32, SocketAddress)
    /// No more are waiting.
    case wouldBlock
    /// That one was gone before it was taken; there may be more.
    case gone
    /// Descriptors or memory have run out: the connection waits on, and asking again at once would not help.
    case exhausted(Int32)
    /// Anything else; the number is the `errno`.
    case failed(Int32)
}

/// A run of bytes to write together with others; laid out as the system's `iovec`.
package struct SocketPiece {
    /// Where the bytes are.
    package var start: UnsafeRawPointer
    /// How many there are.
    package var count: Int

    /// Names a run of bytes, which has to stay where it is until it was written.
    @inlinable
    package init(start: UnsafeRawPointer, count: Int) {
        self.start = start
        self.count = count
    }
}

/// How far the bytes have come that were written to a connection.
package struct OutgoingBytes: Equatable, Sendable {
    /// How many the other end's system has acknowledged, of all that were ever written.
    package var acknowledged: UInt64
    /// How many it has not: they wait in this system's buffer, or are on their way.
    package var unacknowledged: UInt64

    /// Takes the two counts.
    package init(acknowledged: UInt64, unacknowledged: UInt64) {
        self.acknowledged = acknowledged
        self.unacknowledged = unacknowledged
    }
}
