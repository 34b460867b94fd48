// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Is told when one of its timers is due; the form that needs no closure per timer.
package protocol LoopTimerTarget: AnyObject {
    /// Called on the loop's thread, never before the deadline. The timer is no longer scheduled and may be again.
    func timerFired(_ timer: LoopTimer)
}

/// One deadline that can be set, moved and cancelled any number of times without allocating.
///
/// Belongs to one loop's thread. While it is scheduled the loop keeps it and its target alive; otherwise the target is
/// not kept, so that a connection can own its timer. 64 bytes.
package final class LoopTimer {
    // The links belong to the wheel. They are not counted: whoever schedules keeps the timer alive.
    var next: Unmanaged<LoopTimer>?
    var previous: Unmanaged<LoopTimer>?
    var deadlineNanoseconds: UInt64 = 0
    /// Counted by the loop while the timer is scheduled, which is when this is used.
    unowned(unsafe) let target: any LoopTimerTarget
    /// The loop whose wheel holds the timer; 0 for none.
    var wheel: UInt32 = 0
    var slot: UInt16 = LoopTimer.noSlot
    private let ownsTarget: Bool

    static let noSlot = UInt16.max

    /// Makes a timer that tells `target`, which has to live whenever the timer is scheduled anew.
    package init(_ target: any LoopTimerTarget) {
        self.target = target
        ownsTarget = false
    }

    /// Makes a timer that runs a closure, which it keeps; for timers of which there are few.
    package init(_ action: @escaping () -> Void) {
        let closure = TimerClosure(action)
        _ = Unmanaged.passRetained(closure)
        target = closure
        ownsTarget = true
    }

    deinit {
        if ownsTarget { Unmanaged.passUnretained(target as AnyObject).release() }
    }

    /// Whether the timer waits for its deadline.
    package var isScheduled: Bool { slot != LoopTimer.noSlot }

    /// When the timer is due, or was due last.
    package var deadline: MonotonicTime { MonotonicTime(nanoseconds: deadlineNanoseconds) }
}

/// What the closure form of a timer tells.
private final class TimerClosure: LoopTimerTarget {
    private let action: () -> Void

    init(_ action: @escaping () -> Void) {
        self.action = action
    }

    func timerFired(_ timer: LoopTimer) {
        action()
    }
}
