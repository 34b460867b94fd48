// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Lets one record through in each interval and counts the rest: for warnings that a client can cause at will.
///
/// One limit belongs to one log statement, or to several that say the same thing. Safe from any thread.
@usableFromInline
package final class LogLimit: Sendable {
    private let interval: UInt64
    private let clock: @Sendable () -> UInt64
    /// When the next record may pass, in nanoseconds of the clock; 0 before the first.
    private let next = Atomic<UInt64>(0)
    private let suppressed = Atomic<UInt64>(0)

    /// Sets the interval.
    ///
    /// - Parameter interval: The least time between two records; default 1 s, anything negative counts as 0.
    /// - Parameter clock: Nanoseconds that never go back; for tests.
    package init(every interval: Duration = .seconds(1), clock: @escaping @Sendable () -> UInt64 = LogTime.monotonic) {
        let (seconds, attoseconds) = interval.components
        let whole = UInt64(max(0, seconds)).multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = whole.partialValue.addingReportingOverflow(UInt64(max(0, attoseconds / 1_000_000_000)))
        self.interval = whole.overflow || nanoseconds.overflow ? .max : nanoseconds.partialValue
        self.clock = clock
    }

    /// Asks whether a record may be written now.
    ///
    /// - Returns: How many were held back since the last one that passed; nil when this one is held back as well.
    @usableFromInline
    package func admit() -> UInt64? {
        let now = clock()
        let due = next.load(ordering: .relaxed)
        let (later, overflow) = now.addingReportingOverflow(interval)
        guard
            now >= due,
            next.compareExchange(expected: due, desired: overflow ? .max : later, ordering: .relaxed).exchanged
        else {
            suppressed.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
        return suppressed.exchange(0, ordering: .relaxed)
    }
}
