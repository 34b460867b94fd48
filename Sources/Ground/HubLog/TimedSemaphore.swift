// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Lets one thread wait for another, for a time that no change of the wall clock makes shorter or longer.
///
/// Each signal ends one wait, one that begins later as well. Safe from any thread: the pointer never changes, and what it
/// points to is guarded by the lock in it.
package final class TimedSemaphore: @unchecked Sendable {
    /// Guarded by the lock in it.
    private let semaphore = UnsafeMutablePointer<gohub_semaphore>.allocate(capacity: 1)

    /// Starts without a signal.
    package init() { gohub_semaphore_init(semaphore) }

    deinit {
        gohub_semaphore_end(semaphore)
        semaphore.deallocate()
    }

    /// Ends one wait.
    package func signal() { gohub_semaphore_signal(semaphore) }

    /// Waits for a signal.
    ///
    /// - Parameter limit: How long, by the monotonic clock; a negative time is none.
    /// - Returns: Whether a signal came.
    @discardableResult
    package func wait(within limit: Duration) -> Bool {
        let (seconds, attoseconds) = limit.components
        return gohub_semaphore_wait(semaphore, gohub_join_span(seconds, attoseconds / 1_000_000_000))
    }

    /// Waits for a signal for as long as it takes.
    package func wait() {
        while !gohub_semaphore_wait(semaphore, .max) {}
    }
}
