// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop

/// Sends one loop's share of the node's canaries through the inboxes of all loops.
///
/// The loops take turns, so that one that stands still is noticed by the others, whose canaries do not pass it. All together
/// cost a node two timers and one command for each loop in five seconds.
final class CanarySender: LoopTimerTarget {
    /// The loop keeps its worker, and that keeps this.
    private unowned let worker: Worker
    private let metrics: CanaryMetrics
    /// How long it waits after a canary while the others have their turns.
    private let pause: UInt64
    private var canary: Canary?
    private lazy var timer = LoopTimer(self)

    /// Makes one that begins at its loop's turn; not to be called once the loop runs.
    ///
    /// - Parameter loops: How many take turns.
    init(_ worker: Worker, loops: Int, _ metrics: CanaryMetrics) {
        self.worker = worker
        self.metrics = metrics
        pause = CanaryMetrics.interval * UInt64(loops) - CanaryMetrics.patience
        wait(CanaryMetrics.interval * UInt64(worker.loop.index))
    }

    func timerFired(_ timer: LoopTimer) {
        if let canary {
            canary.expire()
            self.canary = nil
            wait(pause)
        } else {
            canary = worker.shard.hub.sendCanary(metrics)
            wait(CanaryMetrics.patience)
        }
    }

    private func wait(_ nanoseconds: UInt64) {
        worker.loop.schedule(timer, after: Duration(wholeNanoseconds: nanoseconds))
    }
}
