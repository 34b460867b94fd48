// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What other threads ask of a shard: taken in parts, and bounded, as those who fill it are made to wait.
///
/// A few bytes may be thousands of deliveries, so its commands are bounded as well as their bytes, and while the shard has
/// more to write than fits into a tick the inbox is full, whatever it holds.
///
/// Nothing is refused: what was read from a socket already still goes in. Whoever is told that the inbox is full stops
/// reading until it is woken, so that an inbox exceeds its limit by one message for each publisher at the most.
final class Inbox: Sendable {
    /// From so many bytes, or commands, on an inbox is full, until it has fallen to half of them.
    static let limit = 4 << 20
    static let commandLimit = 256

    private struct State {
        var commands: [ShardCommand] = []
        /// What is held, commands included that were taken and are not done.
        var bytes = 0
        var count = 0
        /// The shard has more to do than it gets done.
        var isBehind = false
        /// Whose shards wait until this inbox has room.
        var waiting: [Inbox] = []

        var hasRoom: Bool { bytes < Inbox.limit && count < Inbox.commandLimit && !isBehind }
        var hasRoomAgain: Bool { bytes <= Inbox.limit / 2 && count <= Inbox.commandLimit / 2 && !isBehind }
    }

    private let state = Mutex(State())
    /// Makes the shard's loop tick soon; called only when the inbox was empty, so one wake-up serves a batch.
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// Adds a command; false when the inbox is full, which is no refusal.
    @discardableResult
    func append(_ command: ShardCommand) -> Bool {
        let (wasEmpty, hasRoom) = state.withLock { state in
            state.commands.append(command)
            state.bytes += command.byteCount
            state.count += 1
            return (state.commands.count == 1, state.hasRoom)
        }
        if wasEmpty { wake() }
        return hasRoom
    }

    /// Exchanges the waiting commands for an empty array whose memory is used again.
    func swap(_ spare: inout [ShardCommand]) {
        state.withLock { state in
            let taken = state.commands
            state.commands = spare
            spare = taken
        }
    }

    /// Gives back the memory of a list that a burst made long.
    func trim() {
        state.withLock { state in
            if state.commands.isEmpty, state.commands.capacity > 1024 { state.commands = [] }
        }
    }

    /// Says that commands of so many bytes are done, and whether the shard is behind; wakes those who wait once there is
    /// room again.
    func finish(_ count: Int = 0, bytes: Int = 0, isBehind: Bool) {
        let woken: [Inbox] = state.withLock { state in
            state.bytes -= bytes
            state.count -= count
            state.isBehind = isBehind
            guard state.hasRoomAgain, !state.waiting.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for inbox in woken { inbox.wake() }
    }

    /// Whether there is no room; the shard of `other` is woken then once there is.
    func isFull(waking other: Inbox) -> Bool {
        state.withLock { state in
            guard !state.hasRoomAgain else { return false }
            if !state.waiting.contains(where: { $0 === other }) { state.waiting.append(other) }
            return true
        }
    }

    /// Bytes that it holds.
    var byteCount: Int { state.withLock { $0.bytes } }
}

/// One thing that another thread asks of a shard.
enum ShardCommand: Sendable {
    case publish(Publication)
    case push(ClientHandle, Frame, ingress: UInt64, completion: (@Sendable (HubError?) -> Void)?)
    case disconnect(ClientHandle, CloseReason)
    /// Runs the first of what the shard has to do behind the commands before.
    case mark

    /// About what it holds of memory: its payload, and a fixed part for the objects around that.
    var byteCount: Int {
        switch self {
        case .publish(let publication): publication.payload.count + ShardCommand.overhead
        case .push(_, let frame, _, _): frame.payload.count + ShardCommand.overhead
        case .disconnect, .mark: ShardCommand.overhead
        }
    }

    private static let overhead = 256
}
