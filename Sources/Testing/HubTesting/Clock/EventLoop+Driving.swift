// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLoop

extension EventLoop {
    /// Runs a loop that has no thread on the calling one until a condition holds, so that a test needs no sleep.
    ///
    /// - Parameter patience: Real time after which to give up, so that a failing test ends.
    /// - Returns: Whether the condition came to hold.
    package func run(within patience: Duration = .seconds(20), until condition: () -> Bool) -> Bool {
        runOnce(wait: false)
        let clock = SystemClock()
        let end = clock.now() + patience
        // A loop whose time stands still cannot wake itself up to give up: it is asked again and again instead.
        let canWait = self.clock is SystemClock
        let guardian = LoopTimer {}
        if canWait { schedule(guardian, after: patience) }
        defer { cancel(guardian) }
        while !condition() {
            guard clock.now() < end else { return false }
            runOnce(wait: canWait)
        }
        return true
    }
}
