// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubWire

/// Which entries of a stream are wanted: those of topics that were wanted when the reader was there.
///
/// A reader that catches up is behind the end of the stream: a topic that comes to be wanted then counts from that end on, so
/// that its subscribers do not get what was published before they came. One serves all connections of a node, as a reader
/// goes on where the last one was.
struct StreamInterests {
    private var topics: Set<BusTopic> = []
    private var prefixes: Set<String> = []
    /// Behind which entry a topic counts that came to be wanted while the reader caught up.
    private var bounds: [BusTopic: StreamID] = [:]
    /// The last of the bounds.
    private var lastBound = StreamID.start
    /// What the connection before this one wanted, until this one was told what is wanted.
    private var former: Set<BusTopic> = []

    /// Forgets what only an earlier connection knew; everything that is wanted will be told anew.
    ///
    /// A connection that ends before it is told what is wanted leaves everything as it was, however many such there are.
    mutating func reconnect() {
        former.formUnion(topics)
        topics = []
        prefixes = []
    }

    /// Takes a change.
    ///
    /// - Parameter end: Where the stream ended when the reader began, if it has not come so far.
    mutating func want(_ change: InterestChange, behind end: StreamID?) {
        // At the end no bound lies ahead, and those of a stream that began anew mean nothing.
        if end == nil { bounds = [:] }
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

    /// Whether an entry counts.
    mutating func counts(_ topic: BusTopic, at id: StreamID) -> Bool {
        if !bounds.isEmpty, id > lastBound { bounds = [:] }
        if let bound = bounds[topic], id <= bound { return false }
        return topics.contains(topic) || prefixes.contains { topic.name.utf8.starts(with: $0.utf8) }
    }
}
