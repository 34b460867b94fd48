// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import Synchronization

/// One drain of the server: what clients are told, how long it may take, who is left.
package final class Drain: Sendable {
    /// What clients are told to wait before they come back.
    let retryAfterMilliseconds: Int64
    /// How long closings may be spread.
    let spread: Duration
    /// When what is left is ended at once.
    let limit: Duration
    /// WebSockets that are still open, by worker.
    private let open: Mutex<[Int: Int]> = Mutex([:])
    private let workersLeft: Atomic<Int>
    private let whenDone: @Sendable () -> Void

    init(limit: Duration, workers: Int, whenDone: @escaping @Sendable () -> Void) {
        self.limit = limit
        // The last fifth is for close handshakes.
        spread = limit * 4 / 5
        retryAfterMilliseconds = 1_000
        workersLeft = Atomic(workers)
        self.whenDone = whenDone
    }

    func report(worker: Int, open count: Int) { open.withLock { $0[worker] = count } }

    /// How many WebSockets are still open.
    package var remaining: Int { open.withLock { $0.values.reduce(0, +) } }

    func workerIsDone() {
        if workersLeft.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { whenDone() }
    }
}

/// Tells one loop's clients of the drain and closes them one after the other, so that they do not all come back to the other
/// nodes at once; as many in a tick as there is time for.
final class DrainSchedule: LoopTimerTarget {
    /// Clients are closed at least this often: a few are gone at once.
    private static let longestGap: Duration = .milliseconds(10)

    private unowned let worker: Worker
    private let drain: Drain
    private let connections: [WebSocketConnection]
    /// How many of them were told.
    private var announced = 0
    private let gap: Duration
    private let deadline: MonotonicTime
    private lazy var timer = LoopTimer(self)
    private let began: MonotonicTime
    /// How long a request that came before the listener closed may wait for its answer.
    private static let answerTime: Duration = .seconds(1)
    /// From then on requests that are not answered yet hold up nothing.
    private let answersEnd: MonotonicTime
    private var closed = 0

    init(worker: Worker, connections: [WebSocketConnection], drain: Drain) {
        self.worker = worker
        self.drain = drain
        self.connections = connections
        began = worker.loop.now
        deadline = began + drain.limit
        answersEnd = min(began + Self.answerTime, deadline)
        gap = connections.isEmpty ? .zero : min(drain.spread / connections.count, DrainSchedule.longestGap)
    }

    /// Starts behind what was published before, so that clients are told and closed after they got it.
    func start() {
        worker.loop.schedule(timer, at: deadline)
        worker.shard.whenTakenIn { [self] in
            announce()
            worker.loop.schedule(timer, after: gap)
        }
    }

    /// Whether answers that are still owed are waited for.
    var awaitsAnswers: Bool { worker.loop.now < answersEnd }

    func stop() { worker.loop.cancel(timer) }

    func timerFired(_ timer: LoopTimer) {
        let now = worker.loop.now
        guard now < deadline else {
            if !worker.abortSomeClients() { worker.loop.schedule(timer, after: .zero) }
            return
        }
        announce()
        // The wheel's steps may be longer than the gap: close all that are due.
        while closed < announced, now >= began + gap * closed, worker.loop.hasTimeLeft(after: 2) {
            connections[closed].close(.drain)
            closed += 1
        }
        worker.loop.schedule(timer, after: max(.milliseconds(1), now.duration(to: nextLook(now))))
    }

    private func announce() {
        while announced < connections.count, worker.loop.hasTimeLeft(after: 2) {
            connections[announced].announceDrain(drain.retryAfterMilliseconds)
            announced += 1
        }
    }

    private func nextLook(_ now: MonotonicTime) -> MonotonicTime {
        if announced < connections.count { return now }
        if closed < connections.count { return min(deadline, began + gap * closed) }
        return now < answersEnd ? answersEnd : deadline
    }
}
