// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore

/// What was asked of other nodes, and is not answered yet.
///
/// No I/O, no clock.
struct RequestTable {
    /// How many may be open.
    static let limit = 100_000

    private struct Entry {
        let completion: @Sendable (HubError?) -> Void
        /// How many nodes have still to answer.
        var waiting: Int
        /// What is told if none says ok: a queue that is full says more than a client that is unknown.
        var worst: HubError?
    }

    private var entries: [UInt64: Entry] = [:]
    /// All have the same time, so the first that was made is the next to be late.
    private var order = FIFO<(id: UInt64, deadline: UInt64)>()
    private var lastID: UInt64 = 0

    var count: Int { entries.count }
    var nextDeadline: UInt64 { order.first?.deadline ?? .max }

    /// Notes a request to so many nodes; nil when there are too many.
    mutating func open(
        to nodes: Int,
        until deadline: UInt64,
        _ completion: @escaping @Sendable (HubError?) -> Void
    ) -> UInt64? {
        guard entries.count < Self.limit else { return nil }
        lastID += 1
        entries[lastID] = Entry(completion: completion, waiting: nodes)
        order.append((lastID, deadline))
        return lastID
    }

    /// Takes one node's answer; the first that says ok counts, or else the last one to come decides.
    mutating func answered(_ id: UInt64, _ error: HubError?) {
        guard var entry = entries[id] else { return }
        entry.waiting -= 1
        if let error, entry.worst == nil || error.code == .sendBufferFull { entry.worst = error }
        guard error == nil || entry.waiting <= 0 else {
            entries[id] = entry
            return
        }
        entries[id] = nil
        entry.completion(error == nil ? nil : entry.worst)
        while let first = order.first, entries[first.id] == nil { order.popFirst() }
    }

    /// Gives up those that are late.
    mutating func expire(_ now: UInt64) {
        while let (id, _) = order.popFirst(where: { $0.deadline <= now }) {
            if let entry = entries.removeValue(forKey: id) { entry.completion(.busUnavailable) }
        }
    }
}
