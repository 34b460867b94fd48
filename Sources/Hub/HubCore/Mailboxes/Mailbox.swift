// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What threads ask of one of them: taken in parts, and bounded, as those who fill it are made to wait.
///
/// A few bytes may be thousands of deliveries, so its commands are bounded as well as their bytes, and while the reader
/// has more to do than fits into a tick the mailbox is full, whatever it holds.
///
/// Nothing is refused for want of room: what was read from a socket already still goes in. Whoever is told that it is full
/// stops reading until it is woken, so that a mailbox exceeds its limit by one message for each publisher at the most. Once
/// its reader has gone it takes nothing any more, so that nothing waits there for ever.
final class Mailbox<Command: MailboxCommand>: Sendable {
    private struct State {
        var commands: [Command] = []
        /// What is held, commands included that were taken and are not done.
        var bytes = 0
        var count = 0
        /// The reader has more to do than it gets done.
        var isBehind = false
        /// The reader has gone.
        var isClosed = false
        /// Who waits until there is room.
        var waiting: [Wakeup] = []
    }

    private let state = Mutex(State())
    /// From so many bytes, or commands, on it is full, until it has fallen to half of them.
    private let limits: MailboxLimits
    /// Makes the reader look soon; used only when it was empty, so one wake-up serves a batch.
    let wakeup: Wakeup
    /// Whether a wake-up was put off.
    private let owesWakeup = Atomic(false)

    init(_ limits: MailboxLimits, _ wakeup: Wakeup) {
        self.limits = limits
        self.wakeup = wakeup
    }

    private func hasRoom(_ state: borrowing State) -> Bool {
        state.bytes < limits.bytes && state.count < limits.commands && !state.isBehind
    }

    private func hasRoomAgain(_ state: borrowing State) -> Bool {
        state.bytes <= limits.bytes / 2 && state.count <= limits.commands / 2 && !state.isBehind
    }

    /// Adds a command, unless the reader has gone.
    ///
    /// - Parameter wakesLater: Whether the caller will call ``wakeIfOwed()`` soon: so one wake-up serves all that it adds until then.
    @discardableResult
    func append(_ command: Command, wakesLater: Bool = false) -> MailboxOutcome {
        let (wasEmpty, outcome) = state.withLock { state -> (Bool, MailboxOutcome) in
            guard !state.isClosed else { return (false, .closed) }
            state.commands.append(command)
            state.bytes += command.byteCount
            state.count += 1
            return (state.commands.count == 1, hasRoom(state) ? .accepted : .full)
        }
        if wasEmpty {
            if wakesLater { owesWakeup.store(true, ordering: .relaxed) } else { wakeup.wake() }
        }
        return outcome
    }

    /// Makes the reader look soon if that was put off; by the thread that put it off.
    func wakeIfOwed() {
        guard owesWakeup.load(ordering: .relaxed) else { return }
        owesWakeup.store(false, ordering: .relaxed)
        wakeup.wake()
    }

    /// Adds commands under one lock and with one wake-up, unless the reader has gone.
    func append(_ commands: [Command]) -> MailboxOutcome {
        let (wasEmpty, outcome) = state.withLock { state -> (Bool, MailboxOutcome) in
            guard !state.isClosed else { return (false, .closed) }
            let wasEmpty = state.commands.isEmpty
            state.commands.append(contentsOf: commands)
            for command in commands { state.bytes += command.byteCount }
            state.count += commands.count
            return (wasEmpty, hasRoom(state) ? .accepted : .full)
        }
        if wasEmpty { wakeup.wake() }
        return outcome
    }

    /// Exchanges the waiting commands for an empty array whose memory is used again.
    func swap(_ spare: inout [Command]) {
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

    /// Says that commands of so many bytes are done, and whether the reader is behind; wakes those who wait once there is
    /// room again.
    func finish(_ count: Int = 0, bytes: Int = 0, isBehind: Bool) {
        let woken: [Wakeup] = state.withLock { state in
            guard !state.isClosed else { return [] }
            state.bytes -= bytes
            state.count -= count
            state.isBehind = isBehind
            guard hasRoomAgain(state), !state.waiting.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiting in woken { waiting.wake() }
    }

    /// Takes nothing any more; those who wait for room wait no longer.
    ///
    /// - Returns: What nobody has taken, and nobody will.
    func close() -> [Command] {
        let (left, woken) = state.withLock { state in
            let taken = (state.commands, state.waiting)
            state = State()
            state.isClosed = true
            return taken
        }
        for waiting in woken { waiting.wake() }
        return left
    }

    /// Whether there is no room.
    var isFull: Bool { state.withLock { !$0.isClosed && !hasRoom($0) } }

    /// Whether there is no room; who asks is woken then once there is.
    func isFull(waking wakeup: Wakeup) -> Bool {
        state.withLock { state in
            guard !state.isClosed, !hasRoomAgain(state) else { return false }
            if !state.waiting.contains(where: { $0 === wakeup }) { state.waiting.append(wakeup) }
            return true
        }
    }

    /// Bytes that it holds.
    var byteCount: Int { state.withLock { $0.bytes } }
}

/// What became of a command that a mailbox was given.
enum MailboxOutcome {
    case accepted
    /// It was taken, and there is no room for more.
    case full
    /// It was not taken: the reader has gone.
    case closed
}

/// What a mailbox holds.
protocol MailboxCommand: Sendable {
    /// About what it holds of memory.
    var byteCount: Int { get }
}

extension MailboxCommand {
    /// What the objects around a payload take, about.
    static var overhead: Int { 256 }
}

/// How much a mailbox holds until it is full.
struct MailboxLimits: Sendable {
    let bytes: Int
    let commands: Int
}
