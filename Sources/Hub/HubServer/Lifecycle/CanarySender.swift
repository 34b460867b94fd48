// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop

/// Sends one loop's share of the node's canaries through the inboxes of all loops.
///
/// The loops take turns, so that one that stands still is noticed by the others, whose canaries do not pass it. All together
/// cost a node two timers and one command for each loop in five seconds. An inbox holds one canary of each loop at the most,
/// however long its own loop stands still.
final class CanarySender: LoopTimerTarget {
    /// The loop keeps its worker, and that keeps this.
    private unowned let worker: Worker
    private let metrics: CanaryMetrics
    /// How long it waits after a canary while the others have their turns.
    private let pause: UInt64
    private var canary: Canary?
    /// Whether the time of the last canary is not up yet.
    private var isWaiting = false
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
        if isWaiting {
            isWaiting = false
            canary?.expire()
            wait(pause)
        } else if canary?.isUnderWay == true {
            // The next one would wait behind it.
            metrics.failed(.local, .timeout)
            wait(pause + CanaryMetrics.patience)
        } else {
            canary = worker.shard.hub.sendCanary(metrics)
            isWaiting = true
            wait(CanaryMetrics.patience)
        }
    }

    private func wait(_ nanoseconds: UInt64) {
        worker.loop.schedule(timer, after: Duration(wholeNanoseconds: nanoseconds))
    }
}
