// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// Reads a stream from where it was left, entry by entry, on a connection of its own.
final class StreamReader {
    /// How long the server waits for entries before it answers that there are none.
    private static let blockMilliseconds = "5000"
    private static let fromStart = Array("0-0".utf8)

    private let connection: RedisConnection
    private let key: [UInt8]
    /// How many entries come at once: 32 MiB of the longest messages.
    private let count: String
    private let received: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    /// The last entry that was taken; nil before the end of the stream is known.
    private(set) var position: [UInt8]?
    private var isStarted = false
    private var isReading = false
    private var isPaused = false

    /// Prepares to read.
    ///
    /// - Parameter position: The last entry that was taken earlier; nil starts with what comes from now on.
    /// - Parameter received: Takes a topic and a message, borrowed; false when there is no room for more.
    init(
        _ connection: RedisConnection,
        key: [UInt8],
        from position: [UInt8]?,
        maxMessageBytes: Int,
        received: @escaping (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) {
        self.connection = connection
        self.key = key
        self.position = position
        self.received = received
        count = String(min(256, max(1, (32 << 20) / max(1, maxMessageBytes))))
    }

    /// Whether it is known where to read on.
    var isReady: Bool { position != nil }

    /// Asks for the end of the stream, unless it is known where to read on.
    func begin() throws(RedisError) {
        guard position == nil else { return }
        var command = RedisCommand("XREVRANGE")
        command.append(key)
        for word in ["+", "-", "COUNT", "1"] { command.append(word.utf8) }
        try connection.send(command, token: 0)
    }

    /// Begins to read: it is known now what is wanted of it.
    func start() throws(RedisError) {
        isStarted = true
        try read()
    }

    /// Reads on after a pause.
    func resume() throws(RedisError) {
        isPaused = false
        try read()
    }

    private func read() throws(RedisError) {
        guard let position, isStarted, !isPaused, !isReading else { return }
        var command = RedisCommand("XREAD", "COUNT", count, "BLOCK", Self.blockMilliseconds, "STREAMS")
        command.append(key)
        command.append(position)
        isReading = true
        try connection.send(command, token: 0)
    }

    /// Takes an answer.
    func answered(_ reply: RESPReply) throws(RedisError) {
        if let error = reply.error(to: "\(connection.address) answers to a read of the stream") { throw error }
        guard position != nil else {
            if let last = reply[0]?[0] { position = Array(last.bytes) } else { position = Self.fromStart }
            return try read()
        }
        isReading = false
        if let entries = reply[0]?[1] {
            for index in 0..<entries.count {
                guard let entry = entries[index], let id = entry[0], let fields = entry[1] else {
                    throw RedisError(
                        .badReply,
                        "\(connection.address) sends an entry of the stream without id or fields"
                    )
                }
                position = Array(id.bytes)
                // Entries of other programs, which have other fields, are stepped over.
                guard fields.count == 4, let topic = fields[1], let message = fields[3] else { continue }
                if !received(topic.bytes, message.bytes) {
                    // What is behind it is read again when there is room.
                    isPaused = true
                    break
                }
            }
        }
        try read()
    }
}
