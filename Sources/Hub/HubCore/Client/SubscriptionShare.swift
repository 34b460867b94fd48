// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What the subscriptions of several clients are counted against together, so that they cannot take every topic.
///
/// The server makes one for each address; the hub knows no addresses. Clients of all shards count on it at once.
package final class SubscriptionShare: Sendable {
    /// How many subscriptions all clients of the share may have.
    package let limit: Int
    private let count = Atomic<Int>(0)
    private let whenEmpty: @Sendable () -> Void

    /// Makes an empty share.
    ///
    /// - Parameter whenEmpty: Called each time that the last subscription ends, on the loop of its client, with no lock held.
    package init(limit: Int, whenEmpty: @escaping @Sendable () -> Void = {}) {
        self.limit = limit
        self.whenEmpty = whenEmpty
    }

    /// How many subscriptions there are.
    package var taken: Int { count.load(ordering: .relaxed) }

    /// Counts one more; false, and nothing counted, at the limit.
    func take() -> Bool {
        if count.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        giveBack()
        return false
    }

    /// Counts one less.
    func giveBack() {
        if count.wrappingSubtract(1, ordering: .relaxed).newValue == 0 { whenEmpty() }
    }
}
