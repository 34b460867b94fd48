// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import HubBus
internal import HubLoop

/// Commands that wait to be written, in order: small ones as one run of bytes, large payloads in their own memory between them.
///
/// A large payload is not copied, it is kept until it is written.
struct WriteBuffer {
    /// A payload of so many bytes is large: from here on a copy costs more than a piece of its own.
    static let largeBytes = 4 << 10
    /// How many large payloads one write takes.
    private static let payloadsAtOnce = 32
    /// Less than this of written commands is not moved out of the way.
    private static let cutBytes = 16 << 10

    private struct Payload {
        /// How many bytes of commands stand before it, since all was forgotten last.
        let position: Int
        var bytes: [UInt8]
    }

    private(set) var commands: [UInt8] = []
    private var payloads: [Payload] = []
    /// Of the payloads, what is not written.
    private var payloadBytes = 0
    /// How many bytes of commands were written, and then moved out of the way.
    private var cutCommands = 0
    // How far all that is written.
    /// How many bytes of commands were written since all was forgotten last.
    private(set) var writtenCommands = 0
    private var writtenPayloads = 0
    /// Of the payload behind those.
    private var writtenOfPayload = 0

    /// How many bytes of commands were appended since all was forgotten last.
    private var endOfCommands: Int { cutCommands + commands.count }
    /// How many bytes are not written yet.
    var count: Int { endOfCommands - writtenCommands + payloadBytes }
    var isEmpty: Bool { count == 0 }

    /// Appends a command.
    ///
    /// - Throws: ``RedisError``, as ``RedisCommand/encode(to:)`` does; then nothing was appended.
    mutating func append(_ command: RedisCommand) throws(RedisError) {
        cutWritten()
        try command.encode(to: &commands)
    }

    /// Appends a command that publishes.
    ///
    /// - Throws: ``RedisError`` `.tooLarge`; then nothing was appended.
    /// - Complexity: A copy of a payload that is not large, no allocation.
    mutating func append(
        _ command: PublishCommand,
        channel: [UInt8],
        _ envelope: EncodedEnvelope
    ) throws(RedisError) {
        cutWritten()
        let isLarge = envelope.payload.count >= Self.largeBytes
        try RedisCommand.append(command, channel: channel, envelope, omitsPayload: isLarge, to: &commands)
        guard isLarge else { return }
        payloads.append(Payload(position: endOfCommands, bytes: envelope.payload))
        payloadBytes += envelope.payload.count
        commands += RedisCommand.end
    }

    /// Lends the end of the buffer to whoever appends to it.
    mutating func append(_ make: (inout [UInt8]) throws(RedisError) -> Void) throws(RedisError) {
        cutWritten()
        try make(&commands)
    }

    /// Gives back what is written once it is half of the memory, as a buffer that is filled all the time never becomes empty.
    private mutating func cutWritten() {
        let written = writtenCommands - cutCommands
        guard written >= Self.cutBytes, written >= commands.count / 2 else { return }
        commands.removeFirst(written)
        cutCommands = writtenCommands
        payloads.removeFirst(writtenPayloads)
        writtenPayloads = 0
    }

    /// Forgets everything.
    ///
    /// - Parameter keptBytes: Up to this size the memory is kept for what comes next.
    mutating func removeAll(keeping keptBytes: Int) {
        commands.removeAll(keepingCapacity: commands.capacity <= keptBytes)
        payloads.removeAll(keepingCapacity: true)
        (payloadBytes, cutCommands, writtenCommands, writtenPayloads, writtenOfPayload) = (0, 0, 0, 0, 0)
    }

    /// Notes that so many bytes were written, and lets go of the payloads among them.
    mutating func wrote(_ count: Int) {
        var rest = count
        while rest > 0 {
            let isLast = writtenPayloads == payloads.count
            let gap = (isLast ? endOfCommands : payloads[writtenPayloads].position) - writtenCommands
            writtenCommands += min(gap, rest)
            rest -= min(gap, rest)
            guard rest > 0, !isLast else { return }
            let left = payloads[writtenPayloads].bytes.count - writtenOfPayload
            writtenOfPayload += min(left, rest)
            payloadBytes -= min(left, rest)
            guard rest >= left else { return }
            rest -= left
            payloads[writtenPayloads].bytes = []
            writtenPayloads += 1
            writtenOfPayload = 0
        }
    }

    /// Lends the next of what is not written yet.
    ///
    /// - Complexity: 32 large payloads at the most, and what stands between them.
    func withPieces<Answer>(_ body: (UnsafeBufferPointer<SocketPiece>) -> Answer) -> Answer {
        withUnsafeTemporaryAllocation(of: SocketPiece.self, capacity: 2 * Self.payloadsAtOnce + 1) { pieces in
            commands.withUnsafeBytes { commands in
                lend(writtenPayloads, commands, from: writtenCommands - cutCommands, pieces, 0, body)
            }
        }
    }

    /// Fills the pieces from a payload on; one call of itself within the other, as each payload is lent by a call.
    private func lend<Answer>(
        _ index: Int,
        _ commands: UnsafeRawBufferPointer,
        from start: Int,
        _ pieces: UnsafeMutableBufferPointer<SocketPiece>,
        _ filled: Int,
        _ body: (UnsafeBufferPointer<SocketPiece>) -> Answer
    ) -> Answer {
        var filled = filled
        func add(_ bytes: Slice<UnsafeRawBufferPointer>) {
            guard let first = UnsafeRawBufferPointer(rebasing: bytes).baseAddress, !bytes.isEmpty else { return }
            pieces.initializeElement(at: filled, to: SocketPiece(start: first, count: bytes.count))
            filled += 1
        }
        let end = index < payloads.count ? payloads[index].position - cutCommands : commands.count
        add(commands[start..<end])
        guard index < payloads.count, filled + 2 <= pieces.count else {
            return body(UnsafeBufferPointer(rebasing: pieces[..<filled]))
        }
        return payloads[index].bytes.withUnsafeBytes { bytes in
            add(bytes[(index == writtenPayloads ? writtenOfPayload : 0)...])
            return lend(index + 1, commands, from: end, pieces, filled, body)
        }
    }
}
