// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The publications that wait for their answer, in the order in which they were sent.
///
/// All have the same time, so the first is always the next to be late: no timer each, no table. Those that were answered stay
/// behind one that was not; they are taken out when there are more of them than of those that wait, and 1024 beside.
struct InFlight {
    struct Entry {
        /// Given by ``append(_:)``.
        fileprivate(set) var id: UInt64 = 0
        let sent: UInt64
        let deadline: UInt64
        let byteCount: Int
        /// False for a probe or a canary, which is no publication.
        let isCounted: Bool
        var observer: (any PublishObserver)?
        var isSettled = false
    }

    /// So many answered ones may stay in any case, as taking them out moves all that wait.
    private static let spareEntries = 1024

    /// By their ids, which have gaps where answered ones were taken out.
    private var entries = FIFO<Entry>()
    private(set) var byteCount = 0
    /// How many wait.
    private(set) var count = 0
    /// The id of the next one.
    private(set) var nextID: UInt64 = 1

    /// How many are kept, answered ones among them.
    var keptCount: Int { entries.count }
    /// When the next one is late.
    var nextDeadline: UInt64 { entries.first?.deadline ?? .max }

    mutating func append(_ entry: Entry) {
        var entry = entry
        entry.id = nextID
        nextID += 1
        entries.append(entry)
        byteCount += entry.byteCount
        count += 1
    }

    /// Takes an entry that was answered; nil when it was late, or answered before.
    ///
    /// - Complexity: O(1), amortised, while none was taken out before it; O(log n) otherwise.
    mutating func settle(_ id: UInt64) -> Entry? {
        guard let offset = offset(of: id) else { return nil }
        let settled: Entry?? = entries.change(offset) { entry in
            guard !entry.isSettled else { return nil }
            let settled = entry
            entry.isSettled = true
            entry.observer = nil
            return settled
        }
        guard let entry = settled ?? nil else { return nil }
        leave(entry)
        return entry
    }

    /// Takes the first entry if it is late by then.
    mutating func popFirst(lateAt now: UInt64) -> Entry? {
        guard let entry = entries.popFirst(where: { $0.deadline <= now }) else { return nil }
        leave(entry)
        return entry
    }

    private mutating func leave(_ entry: Entry) {
        byteCount -= entry.byteCount
        count -= 1
        while entries.popFirst(where: \.isSettled) != nil {}
        if entries.count > 2 * count + Self.spareEntries { entries.removeAll(where: \.isSettled) }
    }

    /// Where the entry of an id is.
    private func offset(of id: UInt64) -> Int? {
        guard let first = entries.first, id >= first.id, id < nextID else { return nil }
        // Without gaps both ends are the place.
        var low = max(0, entries.count - Int(nextID - id))
        var high = min(entries.count - 1, Int(id - first.id))
        while low <= high {
            let middle = low + (high - low) / 2
            guard let found = entries[middle]?.id, found != id else { return middle }
            if found < id { low = middle + 1 } else { high = middle - 1 }
        }
        return nil
    }
}
