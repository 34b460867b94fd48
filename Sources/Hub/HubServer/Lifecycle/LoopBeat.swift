// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Synchronization

/// Tells other threads that a loop still turns: it notes the time at least once a second.
///
/// A loop that is held up by a long tick, or that gets no processor, notes nothing meanwhile, whether somebody asks or
/// not. The gaps are random, so that what stops the loop in a rhythm of its own is seen in the lateness of this timer.
/// Costs an idle loop five wake-ups in three seconds.
final class LoopBeat: LoopTimerTarget, @unchecked Sendable {
    private static let milliseconds = 400...800

    /// The loop keeps this alive and not the other way round.
    private unowned let loop: EventLoop
    private let last: Atomic<UInt64>
    /// Touched on the loop only.
    private lazy var timer = LoopTimer(self)

    /// Makes one that counts from now on; not to be called once the loop runs.
    init(_ loop: EventLoop) {
        self.loop = loop
        last = Atomic(loop.clock.now().nanoseconds)
        loop.schedule(timer, after: .milliseconds(Int.random(in: LoopBeat.milliseconds)))
    }

    func timerFired(_ timer: LoopTimer) {
        last.store(loop.clock.now().nanoseconds, ordering: .relaxed)
        loop.schedule(timer, after: .milliseconds(Int.random(in: LoopBeat.milliseconds)))
    }

    /// Whether the loop has turned within the last `limit` nanoseconds, as far as any thread can tell.
    ///
    /// A loop that asks about itself turns.
    func turned(within limit: UInt64) -> Bool {
        if loop.isCurrent { return true }
        let now = loop.clock.now().nanoseconds
        let last = last.load(ordering: .relaxed)
        return last >= now || now - last <= limit
    }
}
