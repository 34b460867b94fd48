// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Synchronization
import Testing

@testable import HubCore

/// How much room was given at once.
private final class Room: Sendable {
    private let held = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)

    var most: Int { peak.load(ordering: .relaxed) }

    func take() { peak.max(held.add(1, ordering: .relaxed).newValue, ordering: .relaxed) }

    func giveBack() { held.subtract(1, ordering: .relaxed) }
}

/// Room that other threads reserve in a client's queue.
@Suite("ClientHandle")
struct ClientHandleTests {
    private func handle() -> ClientHandle {
        var random = SplitMix64(seed: 1)
        return ClientHandle(id: ClientID(unixMilliseconds: 0, using: &random), shard: 0, slot: 0)
    }

    @Test("room is given up to the limit, less what is queued", arguments: [0, 1, 5, 9, 10, 15])
    func messages(queued: Int) {
        let handle = handle()
        let limits = QueueLimits(messages: 10, bytes: 1_000)
        handle.publish(messages: queued, bytes: queued)
        var granted = 0
        for _ in 0..<20 where handle.reserve(1, within: limits) { granted += 1 }
        #expect(granted == max(0, 10 - queued))
        for _ in 0..<granted { handle.release(1) }
        handle.publish(messages: 0, bytes: 0)
        granted = 0
        for _ in 0..<20 where handle.reserve(1, within: limits) { granted += 1 }
        #expect(granted == 10)
    }

    @Test("bytes are given up to the limit, and one message above it if it is the only one")
    func bytes() {
        let handle = handle()
        let limits = QueueLimits(messages: 10, bytes: 100)
        #expect(handle.reserve(100, within: limits))
        #expect(!handle.reserve(1, within: limits))
        #expect(handle.reserve(0, within: limits))
        handle.release(0)
        handle.release(100)
        #expect(handle.reserve(5_000, within: limits))
        #expect(!handle.reserve(0, within: limits))
        handle.release(5_000)
        handle.publish(messages: 1, bytes: 1)
        #expect(!handle.reserve(5_000, within: limits))
        #expect(handle.reserve(99, within: limits))
    }

    @Test("a reservation that is refused takes nothing")
    func refusal() {
        let handle = handle()
        let limits = QueueLimits(messages: 2, bytes: 100)
        #expect(handle.reserve(50, within: limits))
        for _ in 0..<1_000 { #expect(!handle.reserve(51, within: limits)) }
        #expect(handle.reserve(50, within: limits))
    }

    @Test("under two threads never more is given than there is, and nothing is lost", arguments: [1, 2, 7, 100])
    func threads(limit: Int) async {
        let handle = handle()
        let limits = QueueLimits(messages: limit, bytes: 10 * limit)
        let room = Room()
        await withTaskGroup { group in
            for seed in 0..<2 as Range<UInt64> {
                group.addTask {
                    var random = SplitMix64(seed: seed)
                    var mine: [Int] = []
                    for _ in 0..<20_000 {
                        let size = Int.random(in: 0...10, using: &random)
                        if Bool.random(using: &random), handle.reserve(size, within: limits) {
                            room.take()
                            mine.append(size)
                        } else if let size = mine.popLast() {
                            room.giveBack()
                            handle.release(size)
                        }
                    }
                    for size in mine {
                        room.giveBack()
                        handle.release(size)
                    }
                }
            }
        }
        #expect(room.most <= limit)
        #expect(room.most > 0)
        var granted = 0
        for _ in 0..<limit + 5 where handle.reserve(10, within: limits) { granted += 1 }
        #expect(granted == limit)
    }
}
