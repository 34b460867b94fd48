// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import CUV
import Synchronization

extension EventLoop {
    /// Deep enough for TLS and nested JSON with room to spare; only what is touched takes memory.
    private static let stackBytes = 2 << 20

    /// Runs the loop on a thread of its own until ``stop()``.
    ///
    /// - Parameter name: What the thread is called in `top -H` and debuggers; Linux shows 15 bytes.
    /// - Throws: ``LoopError`` `.loopStopped` after ``stop()``, `.outOfMemory` when the system has no thread left.
    package func start(name: String) throws(LoopError) {
        let failure: LoopError? = thread.withLock { state in
            guard case .none = state, mailbox.withLock({ $0.isOpen && !$0.mustStop }) else {
                return LoopError(.loopStopped, "start event loop \(index): it runs already or was stopped")
            }
            let formerOwner = owner.exchange(0, ordering: .acquiringAndReleasing)
            let context = Unmanaged.passRetained(ThreadStart(loop: self, name: name))
            var handle: UInt = 0
            let status = gohub_thread_start(&handle, Self.stackBytes, threadMain, context.toOpaque())
            guard status == 0 else {
                context.release()
                owner.store(formerOwner, ordering: .releasing)
                return LoopError(errno: status, doing: "start the thread of event loop \(index)")
            }
            state = .started(handle: handle)
            return nil
        }
        if let failure { throw failure }
    }

    /// Runs one tick on the calling thread, which the loop belongs to from then on; for tests and tools without a thread.
    ///
    /// - Parameter wait: Whether to wait for something to happen, maybe forever, when nothing is ready.
    package func runOnce(wait: Bool) {
        guard borrow() else { return }
        beginRunning()
        uv_run(handles.loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT)
        giveBack()
    }

    /// Ends the loop: runs the jobs posted so far and ``onTick`` once more, then closes every watch and signal and drops
    /// the timers that are not due.
    ///
    /// From any thread. Returns at once when the loop has its thread, and ``join()`` waits for its end; a loop without a
    /// thread ends within this call.
    package func stop() {
        let isNew = mailbox.withLock { mailbox in
            guard mailbox.isOpen, !mailbox.mustStop else { return false }
            mailbox.mustStop = true
            return true
        }
        guard isNew else { return }
        wake()
        if borrow() { giveBack() }
    }

    /// Waits until the loop's thread has ended; returns at once when there is none.
    ///
    /// From any thread but the loop's own, where it does nothing.
    /// - Returns: `.stillOpen` when a handle was left open, which is a defect of ours; otherwise `nil`.
    @discardableResult
    package func join() -> LoopError? {
        if isCurrent, case .started = thread.withLock({ $0 }) { return nil }
        return joining.withLock { _ in
            if case .started(let handle) = thread.withLock({ $0 }) {
                gohub_thread_join(handle)
                thread.withLock { $0 = .joined }
            }
            return closeError
        }
    }

    fileprivate func runUntilStopped() {
        owner.store(gohub_thread_token(), ordering: .releasing)
        threadNumber.store(gohub_thread_id(), ordering: .relaxed)
        beginRunning()
        uv_run(handles.loop, UV_RUN_DEFAULT)
        finish()
        threadNumber.store(0, ordering: .relaxed)
        owner.store(0, ordering: .releasing)
    }

    /// Forgets what the clock said before: time has passed since.
    private func beginRunning() {
        lastReading = clock.now()
        isTimeStale = true
    }

    /// Makes the calling thread the loop's; false when the loop has another, or runs already.
    private func borrow() -> Bool {
        thread.withLock { state in
            guard case .none = state, phase != .closed else { return false }
            state = .lent
            owner.store(gohub_thread_token(), ordering: .releasing)
            return true
        }
    }

    /// Ends what ``borrow()`` began; when the loop was told to stop meanwhile, sees that through first.
    private func giveBack() {
        while true {
            let mustRun = thread.withLock { state in
                if phase == .open, mailbox.withLock({ $0.mustStop }) { return true }
                if phase != .closing { state = .none }
                return false
            }
            if mustRun {
                uv_run(handles.loop, UV_RUN_NOWAIT)
            } else if phase == .closing {
                finish()
            } else {
                isTimeStale = true
                return
            }
        }
    }

    private func finish() {
        do throws(LoopError) {
            try handles.finish()
        } catch {
            closeError = error
        }
        phase = .closed
        dropTimers()
        onTick = nil
    }
}

/// What a new thread is told.
private final class ThreadStart {
    let loop: EventLoop
    let name: String

    init(loop: EventLoop, name: String) {
        self.loop = loop
        self.name = name
    }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    gohub_thread_set_name(start.name)
    start.loop.runUntilStopped()
    return nil
}
