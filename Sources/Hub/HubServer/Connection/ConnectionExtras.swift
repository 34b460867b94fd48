// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What most connections never need, so that they do not carry it; kept once it is there.
final class ConnectionExtras {
    /// What was read and waits for its turn, or for the end of a pause; at most one read.
    var held: [UInt8] = []
    /// The newest ping that is not answered yet, when many came or the socket takes nothing (RFC 6455 section 5.5.3).
    var owedPong: [UInt8]?
    /// When the message began that has not arrived whole; 0 when there is none.
    var messageBegan: UInt64 = 0
    /// Pongs that were queued in the tick `pongTick`.
    var pongs: UInt8 = 0
    var pongTick: UInt32 = 0
    /// What went over the connection, when the log will tell of it.
    var traffic: ConnectionLog.Traffic?
}
