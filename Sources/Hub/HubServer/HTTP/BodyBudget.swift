// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// How many bytes of request bodies are in memory on the node, of all connections and loops.
///
/// An address may have a quarter of what there may be, so that one that fills its share leaves room for others. Asked when
/// a body grows, which is twice as far each time.
final class BodyBudget: Sendable {
    private struct Table {
        var total = 0
        /// Addresses that have a body in memory.
        var byAddress: [String: Int] = [:]
    }

    private let table = Mutex(Table())
    private let limit: Int
    private let share: Int

    /// - Parameter limit: How many bytes there may be.
    /// - Parameter largest: The largest body of a route, which fits in any case.
    init(limit: Int, largest: Int) {
        self.limit = max(limit, largest)
        share = max(limit / 4, largest)
    }

    /// How many bytes there are.
    var bytes: Int { table.withLock { $0.total } }

    /// Takes room for so many bytes, to be given back; false if there is none.
    func take(_ count: Int, for address: String) -> Bool {
        table.withLock { table in
            let taken = table.byAddress[address] ?? 0
            guard count <= limit - table.total, count <= share - taken else { return false }
            table.total += count
            table.byAddress[address] = taken + count
            return true
        }
    }

    /// Gives room back.
    func give(_ count: Int, of address: String) {
        guard count > 0 else { return }
        table.withLock { table in
            table.total -= count
            let left = (table.byAddress[address] ?? 0) - count
            table.byAddress[address] = left > 0 ? left : nil
        }
    }
}
