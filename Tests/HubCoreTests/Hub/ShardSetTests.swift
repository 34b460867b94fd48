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
}
