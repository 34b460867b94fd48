// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubWire

/// What of the hub's interest is under way: topics that the server has not confirmed, and topics that nobody wants any more.
struct TopicInterest {
    /// A topic that waits for the server.
    struct Awaited {
        let topic: TopicName
        let generation: UInt64
        let deadline: UInt64
    }

    /// In the order in which they were asked for, so the first is the next to be confirmed, and to be late.
    private var awaited = FIFO<Awaited>()
    private var awaitedTopics: Set<TopicName> = []
    /// Those that were late: their subscribers were told, and are not told again before the server confirms them.
    private(set) var late: [TopicName: UInt64] = [:]
    /// When a topic that nobody wants is given up.
    private var leaving: [TopicName: UInt64] = [:]
    private var leavingOrder = FIFO<(topic: TopicName, due: UInt64)>()

    var nextDeadline: UInt64 { min(awaited.first?.deadline ?? .max, leavingOrder.first?.due ?? .max) }

    /// Notes that the server was asked for a topic.
    mutating func await(_ topic: TopicName, _ generation: UInt64, until deadline: UInt64) {
        awaited.append(Awaited(topic: topic, generation: generation, deadline: deadline))
        awaitedTopics.insert(topic)
    }

    /// Whether the server was asked for a topic and has still time to answer.
    func isAwaited(_ topic: TopicName) -> Bool { awaitedTopics.contains(topic) }

    /// Notes that a topic is not confirmed, and its subscribers were told so.
    mutating func noteLate(_ topic: TopicName, _ generation: UInt64) { late[topic] = generation }

    /// Notes that the server has refused a topic: what it confirms from now on is of others, until it is asked anew.
    mutating func refuse(_ topic: TopicName) {
        awaitedTopics.remove(topic)
        late[topic] = .max
    }

    /// The connection is lost: what was refused will be asked for again.
    mutating func forgetRefusals() {
        for (topic, generation) in late where generation == .max { late[topic] = 0 }
    }

    /// Takes the topics that the server has confirmed with a generation.
    mutating func confirm(_ generation: UInt64) -> [TopicName] {
        var topics: [TopicName] = []
        while let next = awaited.popFirst(where: { $0.generation <= generation }) {
            if awaitedTopics.remove(next.topic) != nil { topics.append(next.topic) }
        }
        for (topic, asked) in late where asked <= generation {
            late[topic] = nil
            topics.append(topic)
        }
        return topics
    }

    /// Takes the topics that have waited too long, which are late from now on.
    mutating func takeLate(at now: UInt64) -> [TopicName] {
        var topics: [TopicName] = []
        while let next = awaited.popFirst(where: { $0.deadline <= now }) {
            guard awaitedTopics.remove(next.topic) != nil else { continue }
            late[next.topic] = next.generation
            topics.append(next.topic)
        }
        return topics
    }

    /// Notes that nobody wants a topic any more.
    mutating func leave(_ topic: TopicName, at due: UInt64) {
        if leaving.updateValue(due, forKey: topic) == nil { leavingOrder.append((topic, due)) }
    }

    /// Keeps a topic that is wanted again.
    mutating func stay(_ topic: TopicName) {
        // Its place in the order stays until it is due, and finds nothing then.
        if leaving[topic] != nil { leaving[topic] = .max }
    }

    /// Takes the topics that are to be given up.
    mutating func takeLeft(_ now: UInt64) -> [TopicName] {
        var topics: [TopicName] = []
        while let (topic, _) = leavingOrder.popFirst(where: { $0.due <= now }) {
            guard let due = leaving.removeValue(forKey: topic), due != .max else { continue }
            if due <= now {
                late[topic] = nil
                topics.append(topic)
            } else {
                // It was wanted and left again meanwhile.
                leave(topic, at: due)
            }
        }
        return topics
    }
}
