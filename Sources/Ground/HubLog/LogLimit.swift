// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// Lets one record through in each interval, or a few at once after a quiet time, and counts the rest: for what a peer can cause
/// at will.
///
/// One limit belongs to one log statement, or to several that say the same thing. Safe from any thread.
@usableFromInline
package final class LogLimit: Sendable {
    private let interval: UInt64
    /// How far ahead of their time records may pass.
    private let advance: UInt64
    private let clock: @Sendable () -> UInt64
    /// When the next record is due, in nanoseconds of the clock; 0 before the first.
    private let next = Atomic<UInt64>(0)
    private let suppressed = Atomic<UInt64>(0)

    /// Sets how many records may pass.
    ///
    /// - Parameter interval: The least time between two records; default 1 s, anything negative counts as 0.
    /// - Parameter burst: How many may pass at once when none has for as many intervals.
    /// - Parameter clock: Nanoseconds that never go back; for tests.
    package init(
        every interval: Duration = .seconds(1),
        burst: UInt64 = 1,
        clock: @escaping @Sendable () -> UInt64 = LogTime.monotonic
    ) {
        let (seconds, attoseconds) = interval.components
        let whole = UInt64(max(0, seconds)).multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = whole.partialValue.addingReportingOverflow(UInt64(max(0, attoseconds / 1_000_000_000)))
        self.interval = whole.overflow || nanoseconds.overflow ? .max : nanoseconds.partialValue
        let advance = self.interval.multipliedReportingOverflow(by: max(1, burst) - 1)
        self.advance = advance.overflow ? .max : advance.partialValue
        self.clock = clock
    }

    /// Asks whether a record may be written now.
    ///
    /// - Returns: How many were held back since the last one that passed; nil when this one is held back as well.
    @usableFromInline
    package func admit() -> UInt64? {
        let now = clock()
        let due = next.load(ordering: .relaxed)
        let (later, overflow) = max(now, due).addingReportingOverflow(interval)
        guard
            due <= now || due - now <= advance,
            next.compareExchange(expected: due, desired: overflow ? .max : later, ordering: .relaxed).exchanged
        else {
            suppressed.wrappingAdd(1, ordering: .relaxed)
            return nil
        }
        return suppressed.exchange(0, ordering: .relaxed)
    }
}
