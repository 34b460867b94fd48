// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubCore

@Suite("Shard set")
struct ShardSetTests {
    @Test("is a set of numbers below 256", arguments: 1...20)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var (set, model) = (ShardSet(), Set<Int>())
        for _ in 0..<1_000 {
            let shard = Int.random(in: 0..<256, using: &random)
            if .random(using: &random) {
                set.insert(shard)
                model.insert(shard)
            } else {
                set.remove(shard)
                model.remove(shard)
            }
            #expect(set.contains(shard) == model.contains(shard))
            #expect(set.count == model.count)
            #expect(set.isEmpty == model.isEmpty)
        }
        var visited: [Int] = []
        set.forEach { visited.append($0) }
        #expect(visited == model.sorted())
        #expect((0..<256).allSatisfy { set.contains($0) == model.contains($0) })
    }

    @Test("a hub makes no more shards than can be told apart")
    func tooMany() async {
        await #expect(processExitsWith: .failure) {
            let hub = Hub()
            for _ in 0...Hub.mostShards { _ = hub.makeShard {} }
        }
    }

    @Test("takes no other number for one of them", arguments: [-1, 256, 319, .min, .max])
    func others(number: Int) {
        var set = ShardSet()
        set.insert(number)
        #expect(set.isEmpty && !set.contains(number))
        for shard in 0..<ShardSet.limit { set.insert(shard) }
        set.remove(number)
        #expect(set.count == ShardSet.limit && !set.contains(number))
    }
}
