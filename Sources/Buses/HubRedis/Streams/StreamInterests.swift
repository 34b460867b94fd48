// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Which entries of a stream are wanted: of each topic those behind the end that the stream had when the topic came to be wanted.
///
/// All nodes read all of the stream, and maybe late: without this a subscriber would get what was published before it came.
/// One serves all connections of a node, as a reader goes on where the last one was.
struct StreamInterests {
    /// Where the entries begin that count for a topic; a topic without one has been wanted for longer than the reader lags.
    private enum Bound {
        /// The end of the stream is asked for, with the change of this generation: nothing counts yet.
        case asked(UInt64)
        case behind(StreamID)
    }

    private var topics: Set<BusTopic> = []
    private var prefixes: Set<String> = []
    private var bounds: [BusTopic: Bound] = [:]
    /// The last of the bounds that are known.
    private var lastBound = StreamID.start
    /// What the connection before this one wanted, until this one was told what is wanted.
    private var former: Set<BusTopic> = []
    /// Generations of the changes whose end of the stream is asked for.
    private var questions = FIFO<UInt64>()
    /// Generations that the subscriptions have confirmed, while such a question of theirs, or of an earlier one, is open.
    private var confirmed = FIFO<UInt64>()

    /// Forgets what only an earlier connection knew; everything that is wanted will be told anew.
    ///
    /// A connection that ends before it is told what is wanted leaves everything as it was, however many such there are.
    mutating func reconnect() {
        former.formUnion(topics.filter { if case .asked = bounds[$0] { false } else { true } })
        topics = []
        prefixes = []
        questions = FIFO()
        confirmed = FIFO()
    }

    /// Takes a change.
    ///
    /// - Parameter isAtEnd: Whether the reader begins at the end of the stream with it.
    /// - Returns: Whether to ask for the end of the stream.
    mutating func want(_ change: InterestChange, isAtEnd: Bool) -> Bool {
        var asks = false
        for step in change.steps {
            switch step {
            case .add(let topic):
                guard topics.insert(topic).inserted, !former.contains(topic), !isAtEnd else { continue }
                bounds[topic] = .asked(change.generation)
                asks = true
            case .remove(let topic):
                topics.remove(topic)
                bounds[topic] = nil
            case .addPrefix(let prefix): prefixes.insert(prefix)
            }
        }
        former = []
        if asks { questions.append(change.generation) }
        return asks
    }

    /// Takes the answer to the oldest question.
    mutating func learn(end: StreamID) {
        guard let generation = questions.popFirst() else { return }
        for (topic, bound) in bounds {
            if case .asked(generation) = bound { bounds[topic] = .behind(end) }
        }
        lastBound = max(lastBound, end)
    }

    /// Whether an entry counts.
    mutating func counts(_ topic: BusTopic, at id: StreamID) -> Bool {
        if !bounds.isEmpty, questions.isEmpty, id > lastBound { bounds = [:] }
        switch bounds[topic] {
        case .asked: return false
        case .behind(let end) where id <= end: return false
        case .behind, nil: break
        }
        return topics.contains(topic) || prefixes.contains { topic.name.utf8.starts(with: $0.utf8) }
    }

    // MARK: Confirmations

    /// Takes what the subscriptions have confirmed.
    mutating func confirm(_ generation: UInt64) { confirmed.append(generation) }

    /// The next generation of which everything is known.
    mutating func popConfirmed() -> UInt64? {
        let open = questions.first ?? .max
        return confirmed.popFirst { $0 < open }
    }
}
