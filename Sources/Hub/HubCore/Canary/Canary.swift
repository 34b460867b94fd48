// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// One message of a node to itself, on its way through the inboxes of all its loops.
///
/// It has arrived when each loop has written to its clients what was published before it.
package final class Canary: Sendable {
    private let sent: UInt64
    private let metrics: CanaryMetrics
    /// How many loops it has still to pass.
    private let loopsLeft: Atomic<Int>
    /// Whether it has counted: as one that arrived, or as one that was given up.
    private let isCounted = Atomic(false)

    init(loops: Int, sent: UInt64, _ metrics: CanaryMetrics) {
        self.sent = sent
        self.metrics = metrics
        loopsLeft = Atomic(loops)
    }

    /// Notes that it has passed one loop; the last one ends it.
    func passed(_ now: UInt64) {
        guard loopsLeft.subtract(1, ordering: .acquiringAndReleasing).newValue == 0, count() else { return }
        metrics.arrived(.local, after: now > sent ? now - sent : 0)
    }

    /// Gives it up, unless it has arrived.
    package func expire() {
        if count() { metrics.failed(.local, .timeout) }
    }

    /// Whether a loop still has it in its inbox, given up or not.
    package var isUnderWay: Bool { loopsLeft.load(ordering: .acquiring) > 0 }

    /// Takes the right to count it; true once.
    private func count() -> Bool { !isCounted.exchange(true, ordering: .acquiringAndReleasing) }
}

extension Hub {
    /// Sends a canary through the inboxes of all loops, from any thread.
    package func sendCanary(_ metrics: CanaryMetrics) -> Canary {
        let inboxes = inboxes
        let canary = Canary(loops: inboxes.count, sent: environment.monotonicNanoseconds(), metrics)
        for inbox in inboxes { inbox.append(.canary(canary)) }
        return canary
    }
}
