// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension EventLoop {
    /// How long each part of a tick may take: ready sockets, timers, posted jobs, and what ``onTick`` does.
    ///
    /// A loop is back at its sockets after about four of them and the heavy sockets' own at the most, as long as each single
    /// step is short.
    package static let slice: Duration = .milliseconds(10)
    /// What sockets that ask for much get of a tick in which others were ready too.
    private static let heavySlice: Duration = .milliseconds(5)

    /// Units of work that a posted job is taken for, beside what it says itself.
    static let jobUnits = 8
    /// The room for jobs that is kept from tick to tick.
    static let keptJobs = 4096
    /// Units of work in a turn that is short.
    private static let shortTurnUnits = 64
    /// Nanoseconds of a turn that is short.
    private static let shortTurn: UInt64 = 100_000
    /// Units of work from which on a socket's next turn is timed: a read of more than two KiB, some messages.
    private static let fewUnits = 3

    /// Whether the present part of the tick has time for more; when not, what is left waits for the next tick.
    ///
    /// - Parameter work: What was done since the last call, in units of about a microsecond.
    /// - Complexity: A few instructions; a reading of the clock every 64 units.
    @inlinable
    package func hasTimeLeft(after work: Int = 1) -> Bool {
        allowance.spend(work) || lookAtClock()
    }

    /// When the present part of the tick has to end, for those who read the clock themselves.
    package var sliceEnd: MonotonicTime { allowance.end }

    @usableFromInline
    func lookAtClock() -> Bool {
        guard !allowance.isUsedUp else { return false }
        if allowance.look(clock.now()) { return true }
        if allowance.isUsedUp { statistics.overruns &+= 1 }
        return false
    }

    /// Gives the next part of a tick a slice of its own, unless the one before took next to nothing of its own.
    func nextPart() {
        if !allowance.isFresh { beginSlice(Self.slice) }
    }

    /// Starts a slice now.
    @usableFromInline
    func beginSlice(_ slice: Duration) {
        tickTime = clock.now()
        if isTimeStale { polled = tickTime }
        isTimeStale = false
        allowance.begin(at: tickTime, slice: slice)
    }

    /// Hands an event to its socket, or lets the socket wait for its turn: when others wait, when time is up, and when it
    /// asked for much the last time.
    func admit(_ socket: SocketWatch) {
        if socket.isUrgent || (!socket.isHeavy && !turns.hasLight && hasTimeLeft()) {
            run(socket)
        } else {
            turns.append(socket)
        }
    }

    /// Lets the sockets that wait have their turn: first those that ask for little, then as many of the others as fit.
    func giveTurns() {
        guard !turns.isEmpty else { return }
        // New ones may come to the end of the line meanwhile: they have had their turn.
        var left = turns.lightCount
        while left > 0, hasTimeLeft(after: 0), let socket = turns.popLight() {
            left -= 1
            run(socket)
        }
        left = turns.heavyCount
        guard left > 0 else { return }
        beginSlice(Self.heavySlice)
        while left > 0, let socket = turns.popHeavy() {
            left -= 1
            run(socket)
            guard hasTimeLeft(after: 0) else { break }
        }
        allowance.endPart()
    }

    /// Gives a socket its turn, and notes whether that was long.
    ///
    /// What a handler says of its work is an estimate: many tiny frames cost more than their bytes. So the turns of a
    /// socket whose last one was more than a few units are timed. A turn in the line of the short ones ends after a
    /// hundred microseconds or so: what is left of it goes to the other line.
    private func run(_ socket: SocketWatch) {
        let (before, began) = (allowance.spent, socket.isTimed ? clock.now() : tickTime)
        if !socket.isHeavy, !socket.isUrgent { allowance.beginTurn(units: Self.shortTurnUnits) }
        running = socket
        socket.takeTurn()
        running = nil
        allowance.endTurn()
        let units = allowance.spent &- before
        var wasLong = units >= Self.shortTurnUnits
        if socket.isTimed {
            let ended = clock.now()
            wasLong = wasLong || ended.nanoseconds(since: began) > Self.shortTurn
            if !allowance.isUsedUp, !allowance.look(ended) { statistics.overruns &+= 1 }
        }
        socket.noteTurn(wasLong: wasLong)
        socket.isTimed = units > Self.fewUnits
        if socket.wantsTurn { turns.append(socket) }
    }

    /// Notices that a timer's time passed long before the loop came back.
    func noteGap(_ now: MonotonicTime) {
        guard let armedFor, now > armedFor + gap else { return }
        resumed = now
    }
}
