// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubBus

@Suite("Publications that wait for their answer")
struct InFlightTests {
    private static func entry(_ id: UInt64) -> InFlight.Entry {
        InFlight.Entry(sent: id, deadline: id + 1000, byteCount: Int(id % 7), isCounted: true)
    }

    @Test("keep few answered ones behind one that is never answered, and are found all the same")
    func frozenShard() {
        var inFlight = InFlight()
        var mostSpare = 0
        // One in a thousand goes to a shard that is frozen, the others are answered a hundred later.
        for id in 1...100_000 as ClosedRange<UInt64> {
            #expect(inFlight.nextID == id)
            inFlight.append(Self.entry(id))
            if id > 100, (id - 100) % 1000 != 1 { #expect(inFlight.settle(id - 100)?.sent == id - 100) }
            mostSpare = max(mostSpare, inFlight.keptCount - 2 * inFlight.count)
        }
        #expect(mostSpare > 0 && mostSpare <= 1024)
        #expect(inFlight.count == 200 && inFlight.nextDeadline == 1001)
        for id in stride(from: 1, to: 99_900 as UInt64, by: 1000).reversed() {
            #expect(inFlight.settle(id + 1)?.sent == nil)
            #expect(inFlight.settle(id)?.sent == id)
        }
        #expect(inFlight.count == 100 && inFlight.nextDeadline == 100_901)
    }

    @Test(
        "are each answered once, in whatever order, and late in the order they were sent",
        arguments: 0..<4 as Range<UInt64>
    )
    func anyOrder(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var inFlight = InFlight()
        var waiting: [UInt64] = []
        for id in 1...20_000 as ClosedRange<UInt64> {
            inFlight.append(Self.entry(id))
            waiting.append(id)
            // The first is seldom among them, so that many are taken out behind it.
            while waiting.count > 50 {
                let index = Int.random(in: Int.random(in: 0..<20, using: &random)..<waiting.count, using: &random)
                let answered = waiting.remove(at: index)
                #expect(inFlight.settle(answered)?.sent == answered)
                #expect(inFlight.settle(answered)?.sent == nil)
            }
            if id % 1000 == 0 {
                #expect(inFlight.popFirst(lateAt: waiting[0] + 1000)?.sent == waiting[0])
                #expect(inFlight.settle(waiting.removeFirst())?.sent == nil)
            }
            #expect(inFlight.count == waiting.count && inFlight.byteCount == waiting.reduce(0) { $0 + Int($1 % 7) })
        }
        for id in waiting { #expect(inFlight.popFirst(lateAt: .max)?.sent == id) }
        #expect(inFlight.count == 0 && inFlight.byteCount == 0 && inFlight.popFirst(lateAt: .max)?.sent == nil)
    }
}
