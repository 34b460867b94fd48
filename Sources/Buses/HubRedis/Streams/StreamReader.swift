// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

/// Reads a stream from where it was left, entry by entry, on a connection of its own.
///
/// Where the stream ends it learns from the ids of its own marks, once when it begins, and when it doubts whether it would
/// still get what is written. They go by this connection, so that no entry is read between a mark and its answer.
final class StreamReader {
    /// How long the server waits for entries before it answers that there are none.
    static let block = Duration.seconds(5)
    private static let blockMilliseconds = "\(block.components.seconds * 1000)"
    /// How many entries are read one by one after a few were too large together: most of those that are large are near each other.
    private static let singles = 1024
    /// For how long it reads in small steps after a reply that was too large, as many entries had been asked for.
    private static let smallSteps = Duration.seconds(600)
    private static let readToken: UInt64 = 0
    private static let markToken: UInt64 = 1

    private let connection: RedisConnection
    private let writer: StreamWriter
    private var size: StreamReadSize
    /// How many the last read asked for.
    private var asked = 0
    /// Whether the stream may have more than was read: it did when this reader began, or the last read brought all it asked for.
    private(set) var isBehind = false
    private let received: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    /// Where a reader after this one goes on.
    private(set) var place: StreamPlace
    /// Where the stream ended when this reader began; nil until that is known.
    private var end: StreamID?
    private var wait = StreamWait()
    private var isStarted = false
    private var isReading = false
    private var isPaused = false

    /// Prepares to read.
    ///
    /// - Parameter place: Where the reader before this one was.
    /// - Parameter received: Takes an entry's topic and message, borrowed; false when there is no room for more.
    init(
        _ connection: RedisConnection,
        _ writer: StreamWriter,
        from place: StreamPlace,
        maxMessageBytes: Int,
        received: @escaping (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
    ) {
        self.connection = connection
        self.writer = writer
        self.place = place
        self.place.interests.reconnect()
        self.received = received
        size = StreamReadSize(maxMessageBytes: maxMessageBytes)
    }

    /// Whether it is known where to read on.
    var isReady: Bool { end != nil }

    /// Asks for the end of the stream, by a mark.
    ///
    /// Also where it is known where the reader was: a server that has lost the stream, or its last entries, may count on from
    /// an earlier time.
    func begin() throws(RedisError) { try connection.send(writer.mark(), token: Self.markToken) }

    /// Takes a change of what is wanted, and reads.
    func want(_ change: InterestChange) throws(RedisError) {
        place.interests.want(change, behind: endAhead)
        isStarted = true
        try read()
    }

    /// Reads on after a pause.
    func resume() throws(RedisError) {
        isPaused = false
        try read()
    }

    /// Where the stream ended when this reader began, as long as it has not come so far.
    private var endAhead: StreamID? {
        guard let end, let position = place.position, position < end else { return nil }
        return end
    }

    private var takesSmallSteps: Bool { connection.loop.now < place.smallStepsEnd }

    private func read() throws(RedisError) {
        guard isReady, let position = place.position, isStarted, !isPaused, !isReading else { return }
        if endAhead == nil { place.singlesLeft = 0 }
        asked = place.singlesLeft > 0 ? 1 : takesSmallSteps ? size.least : size.count
        var command = RedisCommand("XREAD", "COUNT")
        command.append(String(asked).utf8)
        for word in ["BLOCK", Self.blockMilliseconds, "STREAMS"] { command.append(word.utf8) }
        command.append(writer.key)
        command.append(position.description.utf8)
        isReading = true
        wait.begin()
        try connection.send(command, token: Self.readToken)
    }

    /// Takes an answer.
    func answered(_ token: UInt64, _ reply: RESPReply) throws(RedisError) {
        let isMark = token == Self.markToken
        let place: StaticString = isMark ? "mark in" : "read of"
        if let error = reply.error(to: "\(connection.address) answers to a \(place) the stream") { throw error }
        if isMark { try takeMark(reply) } else { try takeEntries(reply) }
        try read()
    }

    // MARK: Entries

    private func takeEntries(_ reply: RESPReply) throws(RedisError) {
        isReading = false
        let entries = reply[0]?[1]
        isBehind = entries?.count ?? 0 >= asked
        if !isBehind { size.caughtUp() }
        guard let entries else { return try waitEnded() }
        var byteCount = 0
        for index in 0..<entries.count {
            guard let entry = entries[index], let name = entry[0], let id = StreamID(name.bytes), let fields = entry[1]
            else {
                throw RedisError(.badReply, "\(connection.address) sends an entry of the stream without id or fields")
            }
            place.position = id
            if place.singlesLeft > 0 { place.singlesLeft -= 1 }
            for index in 0..<fields.count { byteCount += fields[index]?.bytes.count ?? 0 }
            if !take(StreamEntry(fields), id) {
                // What is behind it is read again when there is room.
                isPaused = true
                return
            }
        }
        if isBehind, asked == size.count, !takesSmallSteps { size.took(byteCount) }
    }

    /// Hands on an entry; false when there is no room for more.
    private func take(_ entry: StreamEntry, _ id: StreamID) -> Bool {
        switch entry {
        case .mark: return true
        case .message(let topic, let bytes):
            // All nodes read all of it: what this one does not want is not its own.
            if let name = BusTopic(topic), !place.interests.counts(name, at: id) { return true }
            return received(topic, bytes)
        case .other:
            // It is for no topic, and is dropped and counted as that.
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            return received(nothing, nothing)
        }
    }

    /// Makes the next reader read in smaller steps, as a reply has ended the connection that was larger than one may be.
    ///
    /// Where it asked for many as they had been small, the next ones ask for as many as may come whatever they are, for ten minutes:
    /// whoever mixes small and large ones would end one connection after the other. Where those are too large as well, it reads one by one. One entry that is too large by itself would end the connection again:
    /// then what is left of the stream is skipped.
    ///
    /// - Returns: Why the connection ended.
    func replyWasTooLarge(_ error: RedisError) -> RedisError {
        guard isReading else { return error }
        if asked > size.least {
            place.smallStepsEnd = connection.loop.now + Self.smallSteps
            return RedisError(error.code, error.message + "; the stream is read on in smaller steps")
        }
        if asked > 1 {
            place.singlesLeft = Self.singles
            return RedisError(error.code, error.message + "; the stream is read on entry by entry")
        }
        let position = place.position ?? .start
        (place.position, place.singlesLeft) = (nil, 0)
        let loss = "the entry of the stream behind \(position) is too large to be read"
        return RedisError(error.code, error.message + "; \(loss), and all from there to the stream's end is skipped")
    }

    // MARK: The end of the stream

    /// A message was sent to the server for the stream.
    func sent(_ id: UInt64) { wait.sent(id) }

    /// The server has added a message to the stream.
    func added(_ id: UInt64) { wait.taken(id) }

    /// Looks whether the stream has begun anew, where that may be why nothing came.
    ///
    /// Then it counts from an earlier time, and the server would wait for entries behind a place that it does not reach.
    private func waitEnded() throws(RedisError) {
        guard let position = place.position else { return }
        let now = UInt64(max(0, BusClock.system.unixMicroseconds() / 1000))
        if wait.hasWritten || position.milliseconds > now {
            try connection.send(writer.mark(), token: Self.markToken)
        }
    }

    private func takeMark(_ reply: RESPReply) throws(RedisError) {
        guard let mark = StreamID(reply.bytes) else {
            throw RedisError(.badReply, "\(connection.address) answers to a mark in the stream with no id")
        }
        let position = place.position ?? mark
        guard isReady else {
            place.position = min(position, mark)
            end = mark
            isBehind = position < mark
            return
        }
        guard mark > position else {
            let name = String(decoding: writer.key, as: UTF8.self)
            throw RedisError(
                .badReply,
                "the stream \(name) of \(connection.address) began anew: it counts from \(mark), and was read up to "
                    + "\(position); what was written between is not delivered"
            )
        }
    }
}
