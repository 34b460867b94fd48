// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Tells the time to a loop and its timers, so that tests can turn the hands themselves.
package protocol MonotonicClock: Sendable {
    /// The present moment; never earlier than one told before.
    func now() -> MonotonicTime
}

/// The machine's monotonic clock, which is not set back and not set forward.
///
/// - Complexity: One `clock_gettime`, about 20 ns.
package struct SystemClock: MonotonicClock {
    /// Makes a clock; all of them tell the same time.
    package init() {}

    /// The time since an unspecified start, usually that of the machine.
    package func now() -> MonotonicTime { MonotonicTime(nanoseconds: gohub_monotonic_clock()) }
}
