// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Numbers what a node publishes: each topic is a stream of its own, counted from 1.
///
/// Holds 100 000 topics. One that was forgotten for another goes on with a new epoch, so that receivers take it for a new
/// stream and not for a loss.
package struct SequenceBook {
    /// One message's number.
    package struct Position: Sendable, Equatable {
        package let epoch: UInt32
        package let sequence: UInt64

        /// Names a place.
        package init(epoch: UInt32, sequence: UInt64) {
            self.epoch = epoch
            self.sequence = sequence
        }

        /// Whether the epoch is a later one than another; they wrap around, so one that is less than half of them ahead is later.
        func isLater(than other: UInt32) -> Bool { Int32(bitPattern: epoch &- other) > 0 }
    }

    private var streams: RecentTable<BusTopic, Position>

    /// Numbers nothing yet.
    package init(capacity: Int = 100_000) {
        streams = RecentTable(capacity: capacity, nothing: Position(epoch: 0, sequence: 0))
    }

    /// How many topics it holds.
    package var count: Int { streams.count }
    /// How many topics were forgotten.
    package var evictions: UInt64 { streams.evictions }

    /// The number of the next message to a topic.
    package mutating func next(_ topic: BusTopic) -> Position {
        // The epoch of what was forgotten is at most the number of evictions then, so a later start has a later one.
        streams.use(topic) { evictions in
            Position(epoch: UInt32(truncatingIfNeeded: evictions) &+ 1, sequence: 0)
        } _: { position in
            position = Position(epoch: position.epoch, sequence: position.sequence + 1)
            return position
        }
    }

    /// The number of the last message to a topic; nil when there was none.
    package func head(_ topic: BusTopic) -> Position? { streams[topic] }
}
