// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// A connection to a Redis for tests and fixtures, which shares nothing with the program's own; closed when nobody holds it.
///
/// One call at a time. Each blocks a thread of its own, not a task.
package final class RedisTestClient: Sendable {
    private let socket: LoopbackSocket
    /// What came and belongs to later replies.
    private let input = Mutex<[UInt8]>([])

    private init(_ socket: LoopbackSocket) { self.socket = socket }

    /// Connects to a port of 127.0.0.1, and logs in when there is a password.
    package static func connect(
        port: Int,
        user: String = "default",
        password: String? = nil
    ) async throws -> RedisTestClient {
        try await connect(user: user, password: password) { () throws(FileFault) in
            try LoopbackSocket.connect(port: port)
        }
    }

    /// Connects to a socket of the file system.
    static func connect(path: String, user: String, password: String) async throws -> RedisTestClient {
        try await connect(user: user, password: password) { () throws(FileFault) in
            try LoopbackSocket.connect(path: path)
        }
    }

    private static func connect(
        user: String,
        password: String?,
        _ open: @escaping @Sendable () throws(FileFault) -> LoopbackSocket
    ) async throws -> RedisTestClient {
        let client = RedisTestClient(try await Blocking.run { try open() })
        if let password { _ = try await client.call(["AUTH", user, password]) }
        return client
    }

    /// Sends a command and waits for its reply.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` with the words of Redis for an error, `.ended` when the connection has ended;
    ///   ``FileFault`` when it broke or time is up.
    package func call(_ words: [String], within limit: Duration = .seconds(10)) async throws -> RedisReplyText {
        let reply = try await Blocking.run { [self] in
            let deadline = ContinuousClock.now + limit
            try socket.write(RedisReplyText.command(words), until: deadline)
            return try read(until: deadline)
        }
        if case .error(let message) = reply {
            // Not all of the words: there may be a password among them.
            throw ProcessFault(.badReply, "\(words.prefix(2).joined(separator: " ")): \(message)")
        }
        return reply
    }

    /// Waits for what comes without having been asked for, such as messages of a subscription.
    package func next(within limit: Duration = .seconds(10)) async throws -> RedisReplyText {
        try await Blocking.run { [self] in try read(until: ContinuousClock.now + limit) }
    }

    private func read(until deadline: ContinuousClock.Instant) throws -> RedisReplyText {
        while true {
            if let reply = try input.withLock({ bytes throws(ProcessFault) in try RedisReplyText.take(from: &bytes) }) {
                return reply
            }
            let more = try socket.read(until: deadline) { !$0.isEmpty }
            guard !more.isEmpty else { throw ProcessFault(.ended, "Redis has closed the connection") }
            input.withLock { $0 += more }
        }
    }
}
