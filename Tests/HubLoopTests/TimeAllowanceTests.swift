// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubLoop

@Suite("Time that a part of a tick has")
struct TimeAllowanceTests {
    private let now = MonotonicTime(nanoseconds: 1_000_000)

    /// Asks as a loop does: the clock is looked at when it has to be.
    private func hasTimeLeft(_ allowance: inout TimeAllowance, _ units: Int) -> Bool {
        allowance.spend(units) || allowance.look(now)
    }

    @Test("a turn that has used up its units stays so until it ends, whatever time is left", arguments: [0, 1, 64])
    func turnEnds(more: Int) {
        var allowance = TimeAllowance()
        allowance.begin(at: now, slice: .milliseconds(10))
        allowance.beginTurn(units: 64)
        let first = hasTimeLeft(&allowance, 63)
        #expect(first)
        for _ in 0..<3 {
            let isLeft = hasTimeLeft(&allowance, first ? max(more, allowance.spent < 64 ? 1 : 0) : 0)
            #expect(!isLeft)
        }
        #expect(!allowance.isUsedUp)
        allowance.endTurn()
        let next = hasTimeLeft(&allowance, 0)
        #expect(next)
    }

    @Test("a part that is found to be over before its units are is over at once")
    func partEndsEarly() {
        var allowance = TimeAllowance()
        allowance.begin(at: now, slice: .milliseconds(1))
        var isLeft = allowance.look(now + .milliseconds(1))
        #expect(!isLeft)
        isLeft = hasTimeLeft(&allowance, 1)
        #expect(!isLeft)
    }

    @Test("a part whose time is over stays so until the next one")
    func partEnds() {
        var allowance = TimeAllowance()
        allowance.begin(at: now, slice: .zero)
        var isLeft = hasTimeLeft(&allowance, 63)
        #expect(isLeft)
        for units in [1, 0, 0, 100] {
            isLeft = hasTimeLeft(&allowance, units)
            #expect(!isLeft)
        }
        #expect(allowance.isUsedUp)
        allowance.begin(at: now, slice: .milliseconds(1))
        isLeft = hasTimeLeft(&allowance, 0)
        #expect(isLeft)
    }
}
