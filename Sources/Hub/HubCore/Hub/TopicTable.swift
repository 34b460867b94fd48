// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Synchronization

/// Which shards have subscribers of a topic: publications go to those alone, and what any has is the node's interest.
///
/// Sixty-four parts, each under a lock of its own that is held for one dictionary operation, or while a part becomes smaller.
final class TopicTable: Sendable {
    /// Whether other nodes' messages to a topic arrive here.
    enum Reach: Sendable {
        /// The bus has been asked and has not answered yet.
        case pending
        case confirmed
        /// The bus did not confirm it in time; it will, once it can.
        case unavailable
    }

    /// What a shard learns when it has its first subscriber.
    struct Joined {
        /// No other shard has one.
        let isFirst: Bool
        let reach: Reach
    }

    private struct Entry {
        var shards = ShardSet()
        var reach: Reach
    }

    private final class Part: Sendable {
        let topics = Mutex<[TopicName: Entry]>([:])
    }

    private let parts: [Part] = (0..<64).map { _ in Part() }

    private func part(of name: TopicName) -> Part { parts[name.hashValue & 63] }

    /// Notes that a shard has its first subscriber of a topic.
    func join(_ name: TopicName, _ shard: Int) -> Joined {
        part(of: name).topics.withLock { topics in
            var entry = topics[name] ?? Entry(reach: .pending)
            let isFirst = entry.shards.isEmpty
            entry.shards.insert(shard)
            topics[name] = entry
            return Joined(isFirst: isFirst, reach: entry.reach)
        }
    }

    /// Notes that a shard has no subscriber of a topic any more; true when no shard has one.
    func leave(_ name: TopicName, _ shard: Int) -> Bool {
        part(of: name).topics.withLock { topics in
            guard var entry = topics[name] else { return false }
            entry.shards.remove(shard)
            topics[name] = entry.shards.isEmpty ? nil : entry
            topics.dropSlack()
            return entry.shards.isEmpty
        }
    }

    /// The shards that have subscribers of a topic.
    func shards(of name: TopicName) -> ShardSet {
        part(of: name).topics.withLock { $0[name]?.shards ?? ShardSet() }
    }

    /// Notes whether other nodes' messages to a topic arrive; the shards that are to be told.
    func settle(_ name: TopicName, _ reach: Reach) -> ShardSet {
        part(of: name).topics.withLock { topics in
            guard var entry = topics[name] else { return ShardSet() }
            entry.reach = reach
            topics[name] = entry
            return entry.shards
        }
    }

    /// For how many topics there is memory; for tests.
    var capacity: Int { parts.reduce(0) { sum, part in sum + part.topics.withLock { $0.capacity } } }

    /// How many topics have a subscriber.
    var count: Int { parts.reduce(0) { sum, part in sum + part.topics.withLock { $0.count } } }
}
