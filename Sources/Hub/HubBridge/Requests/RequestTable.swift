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
        /// The nodes that have still to answer, by their incarnations: several may have one name, and then all are asked.
        var waiting: [UInt64]
        /// What is told if none says ok; see ``note(_:)``.
        var worst: HubError?

        /// A queue that is full says more than a client that is unknown.
        mutating func note(_ error: HubError) {
            if worst.map({ Self.weight($0) < Self.weight(error) }) ?? true { worst = error }
        }

        private static func weight(_ error: HubError) -> Int {
            switch error.code {
            case .sendBufferFull: 2
            case .clientNotFound: 0
            default: 1
            }
        }
    }

    private var entries: [UInt64: Entry] = [:]
    /// All have the same time, so the first that was made is the next to be late.
    private var order = FIFO<(id: UInt64, deadline: UInt64)>()
    /// Begins anywhere: the answers to another node of the same name come here too, and must not be taken for this one's.
    private var lastID: UInt64

    /// Holds nothing.
    init(lastID: UInt64 = .random(in: .min ... .max)) { self.lastID = lastID }

    var count: Int { entries.count }
    var nextDeadline: UInt64 { order.first?.deadline ?? .max }

    /// Notes a request to some nodes, by their incarnations; nil when there are too many requests.
    ///
    /// - Parameter isAll: Whether no other node can have the client; otherwise nobody can say that it is unknown.
    mutating func open(
        to nodes: [UInt64],
        isAll: Bool = true,
        until deadline: UInt64,
        _ completion: @escaping @Sendable (HubError?) -> Void
    ) -> UInt64? {
        guard entries.count < Self.limit else { return nil }
        lastID &+= 1
        entries[lastID] = Entry(completion: completion, waiting: nodes, worst: isAll ? nil : .busUnavailable)
        order.append((lastID, deadline))
        return lastID
    }

    /// Takes one node's answer: an ok ends the request, and when all have refused, the refusal that says most.
    ///
    /// A refusal counts from those nodes only that were meant.
    mutating func answered(_ id: UInt64, by node: UInt64, _ error: HubError?) {
        guard var entry = entries[id] else { return }
        if let error {
            guard let index = entry.waiting.firstIndex(of: node) else { return }
            entry.waiting.remove(at: index)
            entry.note(error)
            guard entry.waiting.isEmpty else {
                entries[id] = entry
                return
            }
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
