// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The socket under a client, as its shard needs it; called on the client's loop only.
///
/// The shard does not keep it alive: a conformer lives until it has called ``Shard/detach(_:_:)``, and calls that before it ends.
package protocol ClientTransport: AnyObject {
    /// Hands bytes to the socket, as many as it takes now.
    ///
    /// A transport that took less than all must call ``Shard/socketWritable(_:)`` once it can take more.
    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome

    /// Stops taking in messages, the rest of what was read included, until ``resumeReading()``.
    ///
    /// Called while one of the client's messages is handled.
    func pauseReading()

    /// Takes messages in again; called at the end of a tick.
    func resumeReading()

    /// How many of the bytes that the socket took the other end has not acknowledged; 0 where that is not known.
    var unsentBytes: Int { get }

    /// Asks for the connection to end; the shard has been told to stop delivering already.
    ///
    /// Called at the end of a tick, never within ``write(_:)``.
    func close(_ reason: CloseReason)
}

/// What came of handing bytes to a socket.
package enum WriteOutcome: Equatable {
    /// So many bytes were taken; fewer than offered means that the socket is full.
    case wrote(Int)
    /// The connection is broken.
    case failed
}
