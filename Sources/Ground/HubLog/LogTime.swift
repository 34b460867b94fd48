// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// A moment of the wall clock, to be written as RFC 3339 in UTC with milliseconds.
package struct LogTime: Sendable, Equatable {
    /// Nanoseconds since 1970; before it, negative.
    package let nanoseconds: Int64

    /// Names a moment by its distance from 1970.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads the wall clock; what lies outside of the years 1677 to 2262 is the nearest end.
    package static func now() -> LogTime { LogTime(nanoseconds: gohub_wall_clock()) }

    /// Reads the clock that never goes back, in nanoseconds since some start.
    package static func monotonic() -> UInt64 { gohub_monotonic_clock() }

    /// Appends `2026-01-02T03:04:05.678Z`, always 24 bytes; the years of 64 bits of nanoseconds end in 2262.
    func append(to line: inout [UInt8]) {
        let milliseconds = Self.floorDivide(nanoseconds, 1_000_000)
        let seconds = Self.floorDivide(milliseconds, 1000)
        let day = Self.floorDivide(seconds, 86_400)
        let date = Self.civil(day: day)
        let second = seconds - day * 86_400
        Self.append(date.year, digits: 4, then: "-", to: &line)
        Self.append(date.month, digits: 2, then: "-", to: &line)
        Self.append(date.day, digits: 2, then: "T", to: &line)
        Self.append(second / 3600, digits: 2, then: ":", to: &line)
        Self.append(second / 60 % 60, digits: 2, then: ":", to: &line)
        Self.append(second % 60, digits: 2, then: ".", to: &line)
        Self.append(milliseconds - seconds * 1000, digits: 3, then: "Z", to: &line)
    }

    /// The Gregorian date of a day counted from 1970, by Howard Hinnant's method: years that begin in March.
    static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private static func append(_ value: Int64, digits: Int, then mark: Unicode.Scalar, to line: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            line.append(UInt8(truncatingIfNeeded: 48 + value / divisor % 10))
            divisor /= 10
        }
        line.append(UInt8(truncatingIfNeeded: mark.value))
    }
}
