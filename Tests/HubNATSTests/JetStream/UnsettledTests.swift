// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Testing

@testable import HubNATS

@Suite("Publications without an answer")
struct UnsettledTests {
    private static let a = Subject("a".utf8)
    private func at(_ seconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test("each is settled once, and no other one is")
    func once() {
        var unsettled = Unsettled()
        unsettled.insert(1, to: Self.a)
        unsettled.insert(3, to: Self.a)
        let removals = [2, 1, 1, 3].map { unsettled.remove($0) }
        #expect(removals == [false, true, false, true])
    }

    @Test("one may be answered a minute later, and is forgotten after two")
    func forgotten() {
        var unsettled = Unsettled()
        unsettled.tick(at(10))
        unsettled.insert(1, to: Self.a)
        unsettled.insert(2, to: Self.a)
        unsettled.tick(at(69))
        unsettled.tick(at(70))
        unsettled.insert(3, to: Self.a)
        unsettled.tick(at(71))
        let isSettledLate = unsettled.remove(1)
        #expect(isSettledLate)
        unsettled.tick(at(130))
        let isSettledTooLate = unsettled.remove(2)
        #expect(!isSettledTooLate)
        unsettled.insert(4, to: Self.a)
        unsettled.tick(at(190))
        let removals = [3, 4].map { unsettled.remove($0) }
        #expect(removals == [false, true])
    }

    @Test("those to a subject that was refused go together, in their order, and others stay")
    func refused() {
        var unsettled = Unsettled()
        unsettled.tick(at(0))
        for id in [1, 5] as [UInt64] { unsettled.insert(id, to: Self.a) }
        unsettled.insert(2, to: Subject("ab".utf8))
        unsettled.tick(at(60))
        for id in [7, 6] as [UInt64] { unsettled.insert(id, to: Self.a) }
        let removed = unsettled.removeAll(to: QuotedSubject("a\""))
        #expect(removed == [1, 5, 6, 7])
        let cut = unsettled.removeAll(to: QuotedSubject("a"))
        #expect(cut == [2])
    }

    @Test("no more are kept than twice a bound, the newest of them")
    func bounded() {
        var unsettled = Unsettled()
        let count = UInt64(3 * Unsettled.limit)
        for id in 1...count { unsettled.insert(id, to: Self.a) }
        let kept = unsettled.removeAll(to: QuotedSubject("a\""))
        #expect(kept.count == 2 * Unsettled.limit)
        #expect(kept.last == count)
    }
}
