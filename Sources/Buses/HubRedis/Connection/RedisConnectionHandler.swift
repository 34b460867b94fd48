// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Is told what happens on a connection; always on its loop's thread.
///
/// It may send, pause and close within each call. Replies and pushes are lent for the time of the call.
package protocol RedisConnectionHandler: AnyObject {
    /// The handshake is done: commands may be sent.
    func connectionOpened(_ connection: RedisConnection)

    /// A command has its answer, which may be an error; answers come in the order of the commands.
    ///
    /// - Parameter token: What the command was sent with. One that subscribes to several channels is answered once, by the
    ///   last confirmation, and each confirmation is a push before that.
    func connection(_ connection: RedisConnection, answered token: UInt64, with reply: RESPReply)

    /// A subscriber's connection got a message, or a confirmation.
    func connection(_ connection: RedisConnection, pushed push: RedisPush)

    /// There was no room for commands, and is again.
    func connectionHasRoom(_ connection: RedisConnection)

    /// The connection has ended, which it does once; not after ``RedisConnection/close()`` nor when the loop is stopped.
    ///
    /// ``RedisConnection/unanswered`` has the tokens of the commands that got no answer; whether the server saw them is not
    /// known.
    func connection(_ connection: RedisConnection, closed error: RedisError)
}

extension RedisConnectionHandler {
    /// Does nothing: who only sends gets no pushes.
    package func connection(_ connection: RedisConnection, pushed push: RedisPush) {}
    /// Does nothing: who sends little need not wait for room.
    package func connectionHasRoom(_ connection: RedisConnection) {}
}
