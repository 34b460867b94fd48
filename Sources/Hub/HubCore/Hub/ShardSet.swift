// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Some of the shards of a hub, by their numbers, which are below ``limit``; no other is ever in it.
struct ShardSet: Hashable, Sendable {
    /// How many shards a hub can have.
    static let limit = 256

    private var words = SIMD4<UInt64>()

    /// None.
    init() {}

    var isEmpty: Bool { words == SIMD4<UInt64>() }

    func contains(_ shard: Int) -> Bool {
        Self.isNumber(shard) && words[shard >> 6] & 1 << UInt64(shard & 63) != 0
    }

    mutating func insert(_ shard: Int) {
        if Self.isNumber(shard) { words[shard >> 6] |= 1 << UInt64(shard & 63) }
    }

    mutating func remove(_ shard: Int) {
        if Self.isNumber(shard) { words[shard >> 6] &= ~(1 << UInt64(shard & 63)) }
    }

    private static func isNumber(_ shard: Int) -> Bool { UInt(bitPattern: shard) < UInt(limit) }

    /// How many there are.
    var count: Int { (0..<4).reduce(0) { $0 + words[$1].nonzeroBitCount } }

    /// Calls with each number, the lowest first.
    func forEach(_ body: (Int) -> Void) {
        for index in 0..<4 {
            var word = words[index]
            while word != 0 {
                body(index * 64 + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
    }
}
