// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A point in time that only moves forward, for deadlines and for measuring.
///
/// Arithmetic saturates at the ends instead of trapping: a deadline "too far away" is the farthest one.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Nanoseconds since an origin that is the clock's own business.
    package var nanoseconds: UInt64

    /// Makes the point in time that lies so many nanoseconds after the clock's origin.
    @inlinable
    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// Orders two points in time, the earlier one first.
    @inlinable
    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point that lies a duration later, or earlier for a negative one.
    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        duration < .zero ? time.moved(back: .zero - duration) : time.moved(on: duration)
    }

    /// The point that lies a duration earlier, or later for a negative one.
    package static func - (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        duration < .zero ? time.moved(on: .zero - duration) : time.moved(back: duration)
    }

    /// How long after the right one the left one lies; negative when it lies before.
    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        right.duration(to: left)
    }

    /// How long it is from here to a later point; negative when that one lies before.
    package func duration(to other: MonotonicTime) -> Duration {
        self <= other
            ? Duration(wholeNanoseconds: other.nanoseconds - nanoseconds)
            : .zero - Duration(wholeNanoseconds: nanoseconds - other.nanoseconds)
    }

    /// Nanoseconds from an earlier point to this one; 0 when the other lies later.
    @inlinable
    package func nanoseconds(since earlier: MonotonicTime) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }

    private func moved(on duration: Duration) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    private func moved(back duration: Duration) -> MonotonicTime {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(duration.wholeNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? 0 : difference)
    }
}

extension Duration {
    /// Whole nanoseconds, for counters and deadlines: 0 for a negative duration, `UInt64.max` past its range.
    package var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, tooMany) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return tooMany || overflow ? .max : sum
    }

    /// Makes a duration from a count that may exceed what `.nanoseconds(_:)` takes.
    package init(wholeNanoseconds count: UInt64) {
        self.init(
            secondsComponent: Int64(count / 1_000_000_000),
            attosecondsComponent: Int64(count % 1_000_000_000) * 1_000_000_000
        )
    }
}
