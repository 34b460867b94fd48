// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import Synchronization

/// What other threads may know of the bus: whether messages flow, and what the nodes said of themselves last.
package final class NodeBoard: Sendable {
    private struct Nodes {
        var own: NodeRecord?
        var others: [UInt64: NodeRecord] = [:]
    }

    /// How long the bus loop, which turns each second, may stand still and messages count as flowing, nanoseconds.
    private static let patience: UInt64 = 3_000_000_000

    private let clock: BusClock
    private let flowed = Atomic(false)
    private let lastTurn = Atomic<UInt64>(0)
    private let nodes = Mutex(Nodes())
    private let clientCount: @Sendable () -> Int

    /// Makes one that knows of nothing.
    ///
    /// - Parameter clock: The bus loop's.
    /// - Parameter clientCount: How many clients this node has now; called from any thread.
    package init(clock: BusClock = .system, clientCount: @escaping @Sendable () -> Int = { 0 }) {
        self.clock = clock
        self.clientCount = clientCount
    }

    /// Whether messages flow as far as is known: not while the bus loop stands still.
    package var isReady: Bool {
        guard flowed.load(ordering: .relaxed) else { return false }
        let last = lastTurn.load(ordering: .relaxed)
        let now = clock.monotonic()
        return last >= now || now - last <= Self.patience
    }

    /// Whether messages flowed when the bus loop turned last.
    var flows: Bool {
        get { flowed.load(ordering: .relaxed) }
        set { flowed.store(newValue, ordering: .relaxed) }
    }

    /// Notes that the bus loop turns.
    func turned(at now: UInt64) { lastTurn.store(now, ordering: .relaxed) }

    /// All nodes, this one first, the others in the order of their names.
    package var records: [NodeRecord] {
        let nodes = nodes.withLock { $0 }
        guard var own = nodes.own else { return [] }
        own.clients = clientCount()
        return [own] + nodes.others.values.sorted { ($0.id, $0.incarnation) < ($1.id, $1.incarnation) }
    }

    /// Shows what this node says of itself.
    func show(own record: NodeRecord) { nodes.withLock { $0.own = record } }

    /// Shows what another node says; nil once it is gone.
    func show(_ record: NodeRecord?, of incarnation: UInt64) { nodes.withLock { $0.others[incarnation] = record } }
}
