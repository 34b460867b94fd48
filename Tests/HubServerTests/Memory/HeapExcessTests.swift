// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import HubServer

@Suite("Free pages of the heap")
struct HeapExcessTests {
    /// What is seen one look after the other, in MiB, and what a trim leaves when one is due.
    struct Look: Sendable {
        let used: UInt64
        let resident: UInt64
        var left: UInt64?
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let looks: [Look]
    }

    private static let stories = [
        Story(
            testDescription: "what a trim cannot give back is not tried again",
            looks: [
                Look(used: 8, resident: 40, left: 36),
                Look(used: 8, resident: 36),
                Look(used: 7, resident: 36),
            ]
        ),
        Story(
            testDescription: "what is freed later is given back however much lies between",
            looks: [
                Look(used: 40, resident: 102, left: 100),
                Look(used: 35, resident: 100),
                Look(used: 34, resident: 100, left: 94),
                Look(used: 34, resident: 94),
            ]
        ),
        Story(
            testDescription: "free pages that are used again do not count any more",
            looks: [
                Look(used: 8, resident: 20, left: 20),
                Look(used: 14, resident: 20),
                Look(used: 8, resident: 20, left: 20),
            ]
        ),
        Story(
            testDescription: "a burst that ends in parts is given back to the last part",
            looks: [
                Look(used: 6, resident: 70, left: 10),
                Look(used: 3, resident: 10, left: 7),
                Look(used: 3, resident: 7),
            ]
        ),
        Story(
            testDescription: "blocks that were never touched are in use without being in memory",
            looks: [
                Look(used: 100, resident: 20),
                Look(used: 4, resident: 20, left: 6),
            ]
        ),
    ]

    @Test("free pages are given back, and only they", arguments: stories)
    func trims(story: Story) {
        let mib: UInt64 = 1 << 20
        var heap = HeapExcess()
        for (index, look) in story.looks.enumerated() {
            let isTrimmed = heap.isWorthTrimming(used: look.used * mib, resident: look.resident * mib)
            #expect(isTrimmed == (look.left != nil), "look \(index)")
            if let left = look.left { heap.trimmed(used: look.used * mib, resident: left * mib) }
        }
    }
}
