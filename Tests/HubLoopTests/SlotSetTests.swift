// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubLoop

@Suite("The set of occupied slots")
struct SlotSetTests {
    @Test(
        "finds the next occupied slot around the circle",
        arguments: [0, 1, 63, 64, 65, 511, 960, 1022, 1023] as [UInt64]
    )
    func findsNext(occupied: UInt64) {
        var set = SlotSet()
        #expect(set.distance(from: 0) == nil)
        set.insert(occupied)
        for slot in 0..<SlotSet.count {
            #expect(set.distance(from: slot) == (occupied &- slot) & SlotSet.mask)
        }
        set.remove(occupied)
        #expect(set.distance(from: occupied) == nil)
    }

    @Test("finds the nearest of several")
    func findsNearest() {
        var set = SlotSet()
        for slot in [3, 5, 70, 1000] as [UInt64] { set.insert(slot) }
        #expect(set.distance(from: 4) == 1)
        #expect(set.distance(from: 6) == 64)
        #expect(set.distance(from: 71) == 929)
        #expect(set.distance(from: 1001) == 26)
        set.remove(3)
        #expect(set.distance(from: 1001) == 28)
    }
}
