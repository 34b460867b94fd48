// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Says whether a part of a tick still has time, reading the clock only once in a while.
///
/// Work is counted in units of about a microsecond, and every 64 of them the clock is looked at: a part overruns its slice
/// by what is done between two looks, and a tick with little to do never looks. What a handler says is an estimate.
@usableFromInline
struct TimeAllowance {
    @usableFromInline static let unitsPerLook = 64

    /// Units of work since the loop was made.
    @usableFromInline private(set) var spent = 0
    @usableFromInline private(set) var nextLook = TimeAllowance.unitsPerLook
    private(set) var end = MonotonicTime(nanoseconds: .max)
    private(set) var isUsedUp = false
    /// Units at which the present turn of a socket ends, whatever time is left.
    private var turnEnd = Int.max
    /// Whether the clock was not looked at since the part began, which means that there was little to do.
    private(set) var isFresh = true

    @usableFromInline init() {}

    /// Counts work; false when the clock has to be looked at.
    @inlinable
    mutating func spend(_ units: Int) -> Bool {
        spent &+= units
        return spent < nextLook
    }

    /// Looks at the clock; false when the slice or the turn is used up.
    mutating func look(_ now: MonotonicTime) -> Bool {
        isFresh = false
        guard !isUsedUp, now < end else {
            isUsedUp = true
            nextLook = spent
            return false
        }
        // A turn that is used up stays so: whoever asks again is told again.
        nextLook = min(spent &+ TimeAllowance.unitsPerLook, max(turnEnd, spent))
        return spent < turnEnd
    }

    /// Starts the turn of a socket that may use up so many units.
    mutating func beginTurn(units: Int) {
        turnEnd = spent &+ units
        nextLook = min(nextLook, turnEnd)
    }

    mutating func endTurn() { turnEnd = .max }

    /// Ends a part that may have taken long without a look at the clock.
    mutating func endPart() { isFresh = false }

    /// Starts a slice.
    mutating func begin(at now: MonotonicTime, slice: Duration) {
        end = now + slice
        isUsedUp = false
        isFresh = true
        nextLook = spent &+ TimeAllowance.unitsPerLook
    }
}
