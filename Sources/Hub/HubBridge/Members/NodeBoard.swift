// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What other threads may know of the bus: whether messages flow, and what the nodes said of themselves last.
package final class NodeBoard: Sendable {
    private struct Nodes {
        var own: NodeRecord?
        var others: [UInt64: NodeRecord] = [:]
    }

    private let ready = Atomic(false)
    private let nodes = Mutex(Nodes())
    private let clientCount: @Sendable () -> Int

    /// Makes one that knows of nothing.
    ///
    /// - Parameter clientCount: How many clients this node has now; called from any thread.
    package init(clientCount: @escaping @Sendable () -> Int = { 0 }) { self.clientCount = clientCount }

    /// Whether messages flow as far as is known.
    package internal(set) var isReady: Bool {
        get { ready.load(ordering: .relaxed) }
        set { ready.store(newValue, ordering: .relaxed) }
    }

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
