// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The publications that wait for their answer, in the order in which they were sent.
///
/// All have the same time, so the first is always the next to be late: no timer each, no table.
struct InFlight {
    struct Entry {
        let sent: UInt64
        let deadline: UInt64
        let byteCount: Int
        /// False for a probe, which is no publication.
        let isCounted: Bool
        var observer: (any PublishObserver)?
        var isSettled = false
    }

    private var entries = FIFO<Entry>()
    /// The id of the first entry.
    private var firstID: UInt64 = 1
    private(set) var byteCount = 0
    /// How many wait.
    private(set) var count = 0

    /// The id of the next one.
    var nextID: UInt64 { firstID + UInt64(entries.count) }
    /// When the next one is late.
    var nextDeadline: UInt64 { entries.first?.deadline ?? .max }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        byteCount += entry.byteCount
        count += 1
    }

    /// Takes an entry that was answered; nil when it was late, or answered before.
    mutating func settle(_ id: UInt64) -> Entry? {
        guard id >= firstID, id < nextID else { return nil }
        let settled: Entry?? = entries.change(Int(id - firstID)) { entry in
            guard !entry.isSettled else { return nil }
            let settled = entry
            entry.isSettled = true
            entry.observer = nil
            return settled
        }
        guard let entry = settled ?? nil else { return nil }
        leave(entry)
        while entries.popFirst(where: \.isSettled) != nil { firstID += 1 }
        return entry
    }

    /// Takes the first entry if it is late by then.
    mutating func popFirst(lateAt now: UInt64) -> Entry? {
        guard let entry = entries.popFirst(where: { $0.deadline <= now }) else { return nil }
        firstID += 1
        leave(entry)
        while entries.popFirst(where: \.isSettled) != nil { firstID += 1 }
        return entry
    }

    private mutating func leave(_ entry: Entry) {
        byteCount -= entry.byteCount
        count -= 1
    }
}
