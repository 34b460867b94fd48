// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// Reads a stream from where it was left, entry by entry, on a connection of its own.
final class StreamReader {
    /// How long the server waits for entries before it answers that there are none.
    static let block = Duration.seconds(5)
    private static let blockMilliseconds = "\(block.components.seconds * 1000)"

    private let connection: RedisConnection
    private let key: [UInt8]
    /// How many entries come at once: 32 MiB of the longest messages.
    private let count: String
    private let received: (StreamID, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    /// The last entry that was taken; nil as long as none was, and nobody said where to begin.
    private(set) var position: StreamID?
    /// Whether it is known where to read on.
    private(set) var isReady = false
    private var isStarted = false
    private var isReading = false
    private var isPaused = false

    /// Prepares to read.
    ///
    /// - Parameter position: The last entry that was taken earlier; nil starts with what comes from now on.
    /// - Parameter received: Takes an entry's topic and message, borrowed; false when there is no room for more.
    init(
        _ connection: RedisConnection,
        key: [UInt8],
        from position: StreamID?,
        maxMessageBytes: Int,
        received: @escaping (StreamID, UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) {
        self.connection = connection
        self.key = key
        self.position = position
        self.received = received
        count = String(min(256, max(1, (32 << 20) / max(1, maxMessageBytes))))
    }

    /// Asks for the end of the stream.
    ///
    /// Also where it is known where the reader was: a server that has lost the stream, or its last entries, may count on from
    /// an earlier time.
    func begin() throws(RedisError) { try connection.send(Self.askForEnd(of: key), token: 0) }

    /// Asks for the last entry of a stream, see ``end(_:)``.
    static func askForEnd(of key: [UInt8]) -> RedisCommand {
        var command = RedisCommand("XREVRANGE")
        command.append(key)
        for word in ["+", "-", "COUNT", "1"] { command.append(word.utf8) }
        return command
    }

    /// Reads the answer; a stream that does not exist ends where it starts.
    static func end(_ reply: RESPReply) -> StreamID {
        guard let id = reply[0]?[0] else { return .start }
        return StreamID(id.bytes) ?? .start
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
        guard isReady, let position, isStarted, !isPaused, !isReading else { return }
        var command = RedisCommand("XREAD", "COUNT", count, "BLOCK", Self.blockMilliseconds, "STREAMS")
        command.append(key)
        command.append(position.description.utf8)
        isReading = true
        try connection.send(command, token: 0)
    }

    /// Takes an answer.
    func answered(_ reply: RESPReply) throws(RedisError) {
        if let error = reply.error(to: "\(connection.address) answers to a read of the stream") { throw error }
        guard isReady else {
            let end = Self.end(reply)
            position = min(position ?? end, end)
            isReady = true
            return try read()
        }
        isReading = false
        if let entries = reply[0]?[1] {
            for index in 0..<entries.count {
                guard let entry = entries[index], let name = entry[0], let id = StreamID(name.bytes),
                    let fields = entry[1]
                else {
                    throw RedisError(
                        .badReply,
                        "\(connection.address) sends an entry of the stream without id or fields"
                    )
                }
                position = id
                // What has other fields is for no topic, and is dropped and counted as that.
                let isMessage = fields.count == 4 && fields[0]?.holds("t") == true && fields[2]?.holds("p") == true
                let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                let topic = isMessage ? fields[1]?.bytes ?? nothing : nothing
                let message = isMessage ? fields[3]?.bytes ?? nothing : nothing
                if !received(id, topic, message) {
                    // What is behind it is read again when there is room.
                    isPaused = true
                    break
                }
            }
        }
        try read()
    }
}
