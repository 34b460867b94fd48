// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Hears from a sentinel that another server has become the master.
final class SentinelWatch: RedisConnectionHandler {
    private let masterName: String
    private let moved: (SocketAddress) -> Void
    private let refused: (RedisError) -> Void
    private let lost: () -> Void
    private let silence: SilenceWatch
    private var connection: RedisConnection?

    /// Begins to listen.
    ///
    /// - Parameter refused: Told why the sentinel does not let the node listen.
    /// - Parameter lost: Called once, when the sentinel is heard no more.
    init(
        _ settings: RedisSettings,
        loop: EventLoop,
        dial: (SentinelWatch) throws(RedisError) -> RedisConnection,
        moved: @escaping (SocketAddress) -> Void,
        refused: @escaping (RedisError) -> Void,
        lost: @escaping () -> Void
    ) throws(RedisError) {
        masterName = settings.masterName
        silence = SilenceWatch(settings, loop: loop)
        self.moved = moved
        self.refused = refused
        self.lost = lost
        connection = try dial(self)
    }

    /// Listens no more.
    func cancel() {
        silence.stop()
        connection?.close()
        connection = nil
    }

    func connectionOpened(_ connection: RedisConnection) {
        do throws(RedisError) {
            try connection.subscribe(.channel, to: [Array("+switch-master".utf8)], token: 0)
            silence.start([SilenceWatch.Line(pinging: connection)]) { [unowned self] _ in end() }
        } catch {
            // It has ended already.
            end()
        }
    }

    private func end() {
        cancel()
        lost()
    }

    func connection(_ connection: RedisConnection, answered token: UInt64, with reply: RESPReply) {
        // Whether it may be pinged is not the question.
        guard token != SilenceWatch.token else { return }
        if let error = reply.error(to: "the sentinel \(connection.address) answers to SUBSCRIBE +switch-master") {
            refused(error)
        }
    }

    /// The message is `<name> <old host> <old port> <new host> <new port>`.
    func connection(_ connection: RedisConnection, pushed push: RedisPush) {
        guard push.kind == .message else { return }
        let words = String(decoding: push.payload.prefix(1024), as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 5, words[0] == masterName, let port = Int(words[4]) else { return }
        moved(SocketAddress(host: words[3], port: port))
    }

    func connection(_ connection: RedisConnection, closed error: RedisError) { end() }
}
