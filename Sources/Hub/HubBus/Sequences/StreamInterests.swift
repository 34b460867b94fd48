// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Which entries of a stream are wanted: those of topics that were wanted when the reader was there.
///
/// A reader that catches up is behind the end of the stream: a topic that comes to be wanted then counts from that end on, so
/// that its subscribers do not get what was published before they came. One serves all connections of a node, as a reader
/// goes on where the last one was.
package struct StreamInterests<Position: Comparable> {
    @usableFromInline var topics: Set<BusTopic> = []
    @usableFromInline var prefixes: Set<String> = []
    /// Behind which entry a topic counts that came to be wanted while the reader caught up.
    @usableFromInline var bounds: [BusTopic: Position] = [:]
    /// The last of the bounds.
    @usableFromInline var lastBound: Position?
    /// What the connection before this one wanted, until this one was told what is wanted.
    private var former: Set<BusTopic> = []

    /// Wants nothing.
    package init() {}

    /// Forgets what only an earlier connection knew; everything that is wanted will be told anew.
    ///
    /// A connection that ends before it is told what is wanted leaves everything as it was, however many such there are.
    package mutating func reconnect() {
        former.formUnion(topics)
        topics = []
        prefixes = []
    }

    /// Forgets from where on topics count: those places are of a stream that is gone, or was cut short.
    package mutating func beginAnew() {
        bounds = [:]
        lastBound = nil
    }

    /// Takes a change.
    ///
    /// - Parameter end: Where the stream ended when the reader began, if it has not come so far.
    package mutating func want(_ change: InterestChange, behind end: Position?) {
        // At the end no bound lies ahead, and those of a stream that began anew mean nothing.
        if end == nil { beginAnew() }
        for step in change.steps {
            switch step {
            case .add(let topic):
                guard topics.insert(topic).inserted, !former.contains(topic), let end else { continue }
                bounds[topic] = end
                lastBound = end
            case .remove(let topic):
                topics.remove(topic)
                bounds[topic] = nil
            case .addPrefix(let prefix): prefixes.insert(prefix)
            }
        }
        former = []
        topics.dropSlack()
    }

    /// Whether a message counts.
    @inlinable
    package mutating func counts(_ topic: BusTopic, at position: Position) -> Bool {
        if let lastBound, position > lastBound {
            bounds = [:]
            self.lastBound = nil
        }
        if let bound = bounds[topic], position <= bound { return false }
        return topics.contains(topic) || prefixes.contains { topic.name.utf8.starts(with: $0.utf8) }
    }
}
