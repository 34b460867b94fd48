// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import CUV
import Synchronization

/// Runs sockets, timers and posted jobs one after the other on a thread of its own, over libuv.
///
/// A tick is: wait for sockets, hand them to their watches, fire due timers, run posted jobs, call ``onTick``. Each part
/// has a ``slice`` of time; what it does not come to goes on in the next tick, so that no socket holds up the others.
///
/// What belongs to a loop is touched by its thread only; other threads reach it by ``post(_:)`` and ``wake()``. `post`,
/// `wake`, `stop`, `join`, `isCurrent` and `isConfined` may be called from any thread, everything else only on the loop's
/// thread or, while no thread runs the loop, by whoever sets it up.
package final class EventLoop: @unchecked Sendable {
    /// Which of the process's loops this is.
    package let index: Int
    /// Tells the time; a test's own clock in tests.
    package let clock: any MonotonicClock

    /// Runs at the end of every tick, when all ready sockets, due timers and posted jobs were handled: the place to flush.
    package var onTick: (() -> Void)?

    /// When ``onTick`` has to run again at the latest; nil for when something happens.
    ///
    /// It is a millisecond late at the most, where a timer may be a step of the wheel late. Loop thread only; moved on by each
    /// tick, as one that has passed lets the loop wait no more.
    package var nextTick: MonotonicTime?

    /// A wait that ends so much later than its timer means that the process was stopped or held up; longer for clocks that jump.
    package var gap: Duration = .milliseconds(500)

    /// What the loop counted so far; loop thread only.
    package internal(set) var statistics = LoopStatistics()

    struct Mailbox {
        var jobs: [@Sendable () -> Void] = []
        /// False once the last jobs were taken: from then on nothing is accepted.
        var isOpen = true
        var mustStop = false
    }

    let mailbox = Mutex(Mailbox())
    /// Whether a tick is certain to come that looks into the mailbox after this was set.
    let isWoken = Atomic(false)
    /// Whether the loop's own thread asked for that tick, so that no system call is needed.
    let wokeItself = Atomic(false)
    /// The token of the thread that the loop belongs to; 0 while that thread is starting and after the loop's end.
    let owner = Atomic<UInt64>(0)
    /// What /proc calls the thread that ``start(name:)`` made; 0 before and where there is no /proc.
    let threadNumber = Atomic<Int32>(0)
    let thread = Mutex<ThreadState>(.none)
    /// Held by the one who waits for the thread's end.
    let joining = Mutex<Void>(())

    // Confined to the loop's thread.
    let handles: LoopHandles
    var wheel: TimingWheel
    /// What was posted and taken from the mailbox, and has to wait for the next tick.
    var jobs: [@Sendable () -> Void] = []
    var armedFor: MonotonicTime?
    /// The last reading of the clock that ended a tick.
    var lastReading: MonotonicTime
    /// Sockets that are ready and wait for their turn.
    var turns = SocketTurns()
    /// The socket whose turn it is.
    var running: SocketWatch?
    @usableFromInline var allowance = TimeAllowance()
    /// When the system last told what is ready, which is the tick's begin: what came later, nobody could have read.
    package internal(set) var polled: MonotonicTime
    /// When the loop last came back late: before that, sockets may hold what nobody could read.
    package internal(set) var resumed: MonotonicTime
    var phase = Phase.open
    var isIdling = false
    var closeError: LoopError?
    @usableFromInline var isTimeStale = true
    @usableFromInline var tickTime: MonotonicTime

    enum Phase {
        /// Takes handles.
        case open
        /// All handles are being closed; no new ones.
        case closing
        case closed
    }

    enum ThreadState {
        /// No thread runs the loop.
        case none
        /// A caller's thread runs it for a while.
        case lent
        case started(handle: UInt)
        case joined
    }

    private static let identities = Atomic<UInt32>(0)

    /// Makes a loop that does not run yet; sockets and timers may be added to it.
    ///
    /// - Throws: ``LoopError`` `.outOfDescriptors`; a loop takes three descriptors.
    package init(index: Int = 0, clock: any MonotonicClock = SystemClock()) throws(LoopError) {
        self.index = index
        self.clock = clock
        handles = try LoopHandles()
        let start = clock.now()
        tickTime = start
        lastReading = start
        polled = start
        resumed = start
        let identity = Self.identities.wrappingAdd(1, ordering: .relaxed).newValue
        wheel = TimingWheel(start: start, identity: identity == 0 ? 1 : identity)
        owner.store(gohub_thread_token(), ordering: .releasing)
        connectPhases()
    }

    deinit {
        if case .started(let handle) = thread.withLock({ $0 }) { gohub_thread_detach(handle) }
        if phase == .open { handles.closeAll() }
        if phase != .closed { try? handles.finish() }
        dropTimers()
    }

    /// Whether the calling thread is the one that the loop belongs to.
    package var isCurrent: Bool {
        owner.load(ordering: .acquiring) == gohub_thread_token()
    }

    /// The number by which `/proc/self/task` knows the loop's thread, from any thread; nil while there is none.
    package var systemThread: Int32? {
        let number = threadNumber.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Whether the calling thread may touch what belongs to the loop: it runs the loop, or no thread does.
    package var isConfined: Bool {
        if isCurrent { return true }
        switch thread.withLock({ $0 }) {
        case .none, .joined: return true
        case .lent, .started: return false
        }
    }

    /// The time of the tick's present part: the clock is read when it is first asked for, and again when a part begins after one
    /// that read it, or after posted jobs.
    @inlinable
    package var now: MonotonicTime {
        if isTimeStale { beginSlice(Self.slice) }
        return tickTime
    }

    // MARK: From any thread

    /// Runs a job on the loop's thread, after those posted before it.
    ///
    /// A job posted by a socket's handler or a timer still runs in the same tick; one posted by a job or by ``onTick`` in
    /// the next, which follows at once. When there is no time left in a tick, in a later one.
    /// - Returns: Whether the job will run; false when the loop has been stopped.
    /// - Complexity: One closure and, for the first job of a batch, one wake-up of the loop.
    @discardableResult
    package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isAccepted = mailbox.withLock { mailbox in
            guard mailbox.isOpen else { return false }
            mailbox.jobs.append(job)
            return true
        }
        if isAccepted { wake() }
        return isAccepted
    }

    /// Makes a tick happen soon, for example because something was put into a mailbox that ``onTick`` empties.
    ///
    /// What the caller wrote before, by whatever means that is safe between threads, is seen by that tick.
    /// - Complexity: One atomic operation when a tick is due already.
    package func wake() {
        if markWoken() { send() }
    }

    /// Sets the flag; true for the caller who has to see to the wake-up.
    ///
    /// Both sides change the flag by an exchange, so that they are ordered whatever else they do.
    func markWoken() -> Bool {
        !isWoken.exchange(true, ordering: .acquiringAndReleasing)
    }

    /// Wakes the loop up; under no lock, as the loop may run before this returns.
    func send() {
        if isCurrent {
            wokeItself.store(true, ordering: .relaxed)
        } else {
            handles.wake()
        }
    }
}
