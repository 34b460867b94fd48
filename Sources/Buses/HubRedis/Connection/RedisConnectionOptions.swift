// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The bounds of a connection to Redis.
package struct RedisConnectionOptions: Sendable {
    /// How long each address of the host may take to connect.
    package var connectTimeout: Duration = .seconds(5)
    /// How long the server may take, once it is connected, to answer all of the handshake.
    package var handshakeTimeout: Duration = .seconds(5)
    /// The most that one reply may count: its bytes, and 96 for each value in it.
    package var maxReply = RESPReader.defaultLimit
    /// How many bytes may wait to be written; one command more, of any size, is taken while there are fewer.
    package var maxUnsentBytes = 8 << 20
    /// How many commands may wait for their answer.
    package var maxUnanswered = 1 << 16

    /// The defaults.
    package init() {}
}
