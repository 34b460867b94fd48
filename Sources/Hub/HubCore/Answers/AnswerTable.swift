// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The requests of one shard that are answered later.
struct AnswerTable {
    /// How many of one client may be open before its socket is not read.
    static let limitPerClient = 256
    /// How long one may stay open, nanoseconds.
    static let patience: UInt64 = 10_000_000_000
    /// How often those that stayed open too long are looked for, nanoseconds.
    private static let sweepInterval: UInt64 = 1_000_000_000

    private var slots: [PendingAnswer?] = []
    private var free: [Int] = []
    private var nextSweep: UInt64 = 0
    /// How many are open.
    private(set) var count = 0
    /// How many clients are not read because of theirs.
    var waitingClients = 0

    /// Adds one that is made for a place in the table.
    mutating func insert(_ make: (Int) -> PendingAnswer) -> PendingAnswer {
        let slot = free.popLast() ?? slots.count
        let answer = make(slot)
        if slot == slots.count { slots.append(answer) } else { slots[slot] = answer }
        count += 1
        return answer
    }

    mutating func remove(_ answer: PendingAnswer) {
        guard answer.slot < slots.count, slots[answer.slot] === answer else { return }
        slots[answer.slot] = nil
        free.append(answer.slot)
        count -= 1
        if count == 0, slots.count > 1024 { (slots, free) = ([], []) }
    }

    /// Those that stayed open too long, once a second.
    ///
    /// - Complexity: O(most that were ever open at once), once a second while any is.
    mutating func expired(_ now: () -> UInt64) -> [PendingAnswer] {
        guard count > 0 else { return [] }
        let now = now()
        guard now >= nextSweep else { return [] }
        nextSweep = now &+ Self.sweepInterval
        return slots.compactMap { $0 }.filter { $0.expires <= now }
    }
}
