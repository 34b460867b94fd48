// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CUV
import HubMetrics
import Synchronization

extension EventLoop {
    /// Hooks the two ends of a tick into libuv: before it waits, and after it has called the sockets' handlers.
    ///
    /// The loop outlives its handles, so the context is not counted.
    func connectPhases() {
        uv_loop_set_data(handles.loop, Unmanaged.passUnretained(self).toOpaque())
        uv_prepare_start(handles.prepare) { handle in
            guard let handle else { return }
            EventLoop.of(handle.pointee.loop).beforeWaiting()
        }
        uv_check_start(handles.check) { handle in
            guard let handle else { return }
            EventLoop.of(handle.pointee.loop).afterHandlers()
        }
    }

    /// The loop that a libuv loop belongs to; only for handles of loops that are open.
    static func of(_ loop: UnsafeMutablePointer<uv_loop_t>) -> EventLoop {
        Unmanaged<EventLoop>.fromOpaque(uv_loop_get_data(loop)).takeUnretainedValue()
    }

    /// Notes that something happened, so that the tick's time is counted from here.
    func beginTick() { _ = now }

    private func beforeWaiting() {
        isTimeStale = true
        let mustNotWait = wokeItself.load(ordering: .relaxed) || !turns.isEmpty || !jobs.isEmpty
        if mustNotWait != isIdling {
            isIdling = mustNotWait
            // An idle handle that is active keeps libuv from waiting.
            if mustNotWait { uv_idle_start(handles.idle) { _ in } } else { uv_idle_stop(handles.idle) }
        }
        armTimer()
    }

    private func afterHandlers() {
        let start = now
        noteGap(start)
        giveTurns()
        nextPart()
        fireTimers()
        let mustStop = runJobs()
        nextPart()
        onTick?()
        lastReading = clock.now()
        let elapsed = lastReading.nanoseconds(since: start)
        statistics.tick.observe(elapsed)
        statistics.busyNanoseconds &+= elapsed
        statistics.ticks &+= 1
        if mustStop {
            phase = .closing
            turns.removeAll()
            dropTimers()
            handles.closeAll()
        }
    }

    /// Runs what was posted, as long as there is time, and all of it before the loop stops; the rest waits for the next
    /// tick.
    ///
    /// - Returns: Whether the loop has to stop, in which case nothing more was accepted.
    private func runJobs() -> Bool {
        var batch = jobs
        jobs = []
        var posted: [@Sendable () -> Void] = []
        if batch.isEmpty { swap(&batch, &posted) }
        let mustStop = mailbox.withLock { mailbox in
            _ = isWoken.exchange(false, ordering: .acquiringAndReleasing)
            wokeItself.store(false, ordering: .relaxed)
            swap(&posted, &mailbox.jobs)
            mailbox.isOpen = !mailbox.mustStop
            return mailbox.mustStop
        }
        if batch.isEmpty { batch = posted } else { batch += posted }
        posted = []
        guard !batch.isEmpty else {
            jobs = batch
            return mustStop
        }
        nextPart()
        var done = 0
        for job in batch {
            job()
            done += 1
            guard hasTimeLeft(after: Self.jobUnits) || mustStop else { break }
        }
        // A job may take long and say nothing of it; what follows has its own time all the same.
        beginSlice(Self.slice)
        statistics.jobs &+= UInt64(done)
        if done < batch.count {
            batch.removeFirst(done)
        } else {
            batch.removeAll(keepingCapacity: batch.capacity <= 2 * Self.keptJobs)
        }
        jobs = batch
        return mustStop
    }

    // MARK: Timers

    /// Makes the timer fire once after a delay; moves it when it is scheduled already.
    ///
    /// The loop keeps the timer and its target alive until then. It fires no earlier, and up to 8.4 ms later, and once
    /// only however often it was moved. A delay below zero counts as zero.
    /// - Complexity: O(1), no allocation; moving to later is one store.
    package func schedule(_ timer: LoopTimer, after delay: Duration) {
        schedule(timer, at: now + max(delay, .zero))
    }

    /// Makes the timer fire once at a point in time, or at once when that has passed.
    package func schedule(_ timer: LoopTimer, at deadline: MonotonicTime) {
        assert(isConfined, "timers belong to the loop's thread")
        guard phase == .open, wheel.schedule(timer, at: deadline) else { return }
        _ = Unmanaged.passRetained(timer)
        _ = Unmanaged.passRetained(timer.target as AnyObject)
    }

    /// Keeps the timer from firing; does nothing when it is not scheduled.
    package func cancel(_ timer: LoopTimer) {
        assert(isConfined, "timers belong to the loop's thread")
        if wheel.cancel(timer) { letGo(timer) }
    }

    /// Fires what is due, as long as there is time; the rest is due in the next tick, which follows at once.
    private func fireTimers() {
        let present = now
        while let timer = wheel.popDue(present) {
            let target = timer.target
            statistics.lag.observe(present.nanoseconds(since: timer.deadline + TimingWheel.resolution))
            letGo(timer)
            statistics.timersFired &+= 1
            target.timerFired(timer)
            guard hasTimeLeft(after: 2) else { return }
        }
    }

    /// Forgets all timers without firing them.
    func dropTimers() {
        nextTick = nil
        while let timer = wheel.popAny() { letGo(timer) }
    }

    /// Gives up what ``schedule(_:at:)`` retained; the wheel is not being changed meanwhile, so a target may end here.
    private func letGo(_ timer: LoopTimer) {
        let target = Unmanaged.passUnretained(timer.target as AnyObject)
        Unmanaged.passUnretained(timer).release()
        target.release()
    }

    /// When the loop must not wait any longer.
    private var nextDue: MonotonicTime? {
        guard let nextTick else { return wheel.nextDue }
        return wheel.nextDue.map { min($0, nextTick) } ?? nextTick
    }

    /// Lets libuv wait no longer than until the wheel is to be looked at again, or a tick has to come.
    ///
    /// The handle itself fires nothing: the wheel is turned after the sockets were handled, so that what timers write is
    /// flushed by the same tick.
    private func armTimer() {
        guard let due = nextDue else {
            if armedFor != nil { uv_timer_stop(handles.timer) }
            armedFor = nil
            return
        }
        guard due != armedFor else { return }
        armedFor = due
        let (rounded, overflow) = due.nanoseconds(since: lastReading).addingReportingOverflow(999_999)
        let milliseconds = (overflow ? .max : rounded) / 1_000_000
        uv_timer_start(handles.timer, timerPassed, milliseconds, 0)
    }
}

private let timerPassed: uv_timer_cb = { handle in
    guard let handle else { return }
    EventLoop.of(handle.pointee.loop).armedFor = nil
}
