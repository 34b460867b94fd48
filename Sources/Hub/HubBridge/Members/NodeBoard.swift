// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// What other threads may know of the bus: whether messages flow, and which nodes there are.
package final class NodeBoard: Sendable {
    private let ready = Atomic(false)
    private let nodes = Mutex<[NodeRecord]>([])

    /// Makes one that knows of nothing.
    package init() {}

    /// Whether messages flow as far as is known.
    package internal(set) var isReady: Bool {
        get { ready.load(ordering: .relaxed) }
        set { ready.store(newValue, ordering: .relaxed) }
    }

    /// All nodes, this one first.
    package internal(set) var records: [NodeRecord] {
        get { nodes.withLock { $0 } }
        set { nodes.withLock { $0 = newValue } }
    }
}
