// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Remembers which of 1024 slots in a circle are occupied, so that the next one is found in a few instructions.
struct SlotSet {
    static let bits: UInt64 = 10
    static let count: UInt64 = 1 << bits
    static let mask: UInt64 = count - 1

    private var words: [16 of UInt64] = .init(repeating: 0)
    /// One bit for each word that is not zero.
    private var summary: UInt32 = 0

    mutating func insert(_ slot: UInt64) {
        let word = Int((slot & Self.mask) >> 6)
        words[word] |= 1 << (slot & 63)
        summary |= 1 << UInt32(word)
    }

    mutating func remove(_ slot: UInt64) {
        let word = Int((slot & Self.mask) >> 6)
        words[word] &= ~(1 << (slot & 63))
        if words[word] == 0 { summary &= ~(1 << UInt32(word)) }
    }

    /// How many slots to go from `slot` to the next occupied one, 0 when it is occupied itself; `nil` when all are empty.
    func distance(from slot: UInt64) -> UInt64? {
        let start = slot & Self.mask
        let word = start >> 6
        let rest = words[Int(word)] & (~0 << (start & 63))
        if rest != 0 { return (word << 6) + UInt64(rest.trailingZeroBitCount) - start }
        let upToWord: UInt32 = (2 << UInt32(word)) - 1
        if let found = firstSlot(in: summary & ~upToWord) { return found - start }
        if let found = firstSlot(in: summary & upToWord) { return found + Self.count - start }
        return nil
    }

    private func firstSlot(in summary: UInt32) -> UInt64? {
        guard summary != 0 else { return nil }
        let word = summary.trailingZeroBitCount
        return UInt64(word) << 6 + UInt64(words[word].trailingZeroBitCount)
    }
}
