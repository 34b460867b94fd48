// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import Synchronization

/// One connection of a ``MemoryBus`` to its ``MemoryBroker``, which is all that the two share.
final class MemorySession: Sendable {
    private struct State {
        var names: Set<BusTopic> = []
        var prefixes: Set<String> = []
        var hasInterests = false
        var isOver = false
        var isCut = false
    }

    private let state = Mutex(State())
    /// What the adapter had received when it connected; nil when it wants nothing that was kept.
    let resumesAfter: UInt64?
    /// Runs something on the adapter's loop.
    let post: @Sendable (@escaping @Sendable (MemoryBus.Incoming) -> Void) -> Void

    init(
        resumesAfter: UInt64?,
        _ post: @escaping @Sendable (@escaping @Sendable (MemoryBus.Incoming) -> Void) -> Void
    ) {
        self.resumesAfter = resumesAfter
        self.post = post
    }

    var isCut: Bool { state.withLock { $0.isCut } }

    /// Whether it is still wanted.
    func begin() -> Bool { state.withLock { !$0.isOver } }

    /// Ends it; what a connection that is cut had sent is lost.
    func end(isCut: Bool) {
        state.withLock { state in
            state.isOver = true
            state.isCut = state.isCut || isCut
            state.names = []
            state.prefixes = []
        }
    }

    /// Changes what it wants; true the first time.
    func apply(_ change: InterestChange) -> Bool {
        state.withLock { state in
            guard !state.isOver else { return false }
            for step in change.steps {
                switch step {
                case .add(let topic): state.names.insert(topic)
                case .addPrefix(let prefix): state.prefixes.insert(prefix)
                case .remove(let topic): state.names.remove(topic)
                }
            }
            defer { state.hasInterests = true }
            return !state.hasInterests
        }
    }

    func wants(_ topic: BusTopic) -> Bool {
        state.withLock { state in
            state.names.contains(topic) || state.prefixes.contains { topic.name.utf8.starts(with: $0.utf8) }
        }
    }
}
