// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Asks one server one thing on a connection of its own.
final class RedisQuery: RedisConnectionHandler {
    private let command: RedisCommand
    private let read: (RESPReply) -> Void
    private let failed: (RedisError) -> Void
    private var connection: RedisConnection?
    private let timer: LoopTimer
    private let limit: Duration
    private let loop: EventLoop
    private var isDone = false

    /// Begins to ask.
    ///
    /// - Parameter limit: How long the answer may take once the connection stands.
    /// - Parameter dial: Makes the connection.
    /// - Parameter read: Gets the answer, which may be an error.
    /// - Parameter failed: Told instead that there was none. One of both is called once, not within this call, unless it is
    ///   cancelled before.
    init(
        _ command: RedisCommand,
        loop: EventLoop,
        within limit: Duration,
        dial: (RedisQuery) throws(RedisError) -> RedisConnection,
        read: @escaping (RESPReply) -> Void,
        failed: @escaping (RedisError) -> Void
    ) throws(RedisError) {
        self.command = command
        self.loop = loop
        self.limit = limit
        self.read = read
        self.failed = failed
        var expired: () -> Void = {}
        timer = LoopTimer { expired() }
        let connection = try dial(self)
        self.connection = connection
        expired = { [weak self] in
            self?.finish { $0.failed(RedisError(.timedOut, "\(connection.address) did not answer within \(limit)")) }
        }
    }

    /// Asks no more.
    func cancel() { finish { _ in } }

    private func finish(_ tell: (RedisQuery) -> Void) {
        guard !isDone else { return }
        isDone = true
        loop.cancel(timer)
        tell(self)
        connection?.close()
        connection = nil
    }

    func connectionOpened(_ connection: RedisConnection) {
        do throws(RedisError) {
            try connection.send(command, token: 0)
            // Connecting, to each address of a name in turn, has its own timeouts.
            loop.schedule(timer, after: limit)
        } catch {
            finish { $0.failed(error) }
        }
    }

    func connection(_ connection: RedisConnection, answered token: UInt64, with reply: RESPReply) {
        guard !isDone else { return }
        read(reply)
        finish { _ in }
    }

    func connection(_ connection: RedisConnection, closed error: RedisError) { finish { $0.failed(error) } }
}
