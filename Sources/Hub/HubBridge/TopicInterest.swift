// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubWire

/// What of the hub's interest is under way: topics that the server has not confirmed, and topics that nobody wants any more.
///
/// No I/O, no clock. Each step is O(1), amortised.
struct TopicInterest {
    private enum Wait {
        /// Its subscribers wait for the server.
        case awaited
        /// They were told that it is not confirmed, and are not told again before the server confirms it.
        case late
        /// They were told so, and what the server confirms is not meant for it, as it has refused it.
        case refused
    }

    /// What is not confirmed: the generation that has to be, and whether somebody waits for it.
    private var unconfirmed: [TopicName: (generation: UInt64, wait: Wait)] = [:]
    /// The same in the order of the generations, what was forgotten or asked for anew since included.
    private var generations = FIFO<(topic: TopicName, generation: UInt64)>()
    /// Those that are awaited, in the order in which they are late.
    private var deadlines = FIFO<(topic: TopicName, generation: UInt64, deadline: UInt64)>()
    /// When a topic that nobody wants is given up.
    private var leaving: [TopicName: UInt64] = [:]
    private var leavingOrder = FIFO<(topic: TopicName, due: UInt64)>()

    /// When there is something to take.
    var nextDeadline: UInt64 { min(deadlines.first?.deadline ?? .max, leavingOrder.first?.due ?? .max) }

    /// How many entries are held, whether they still mean something or not.
    var heldCount: Int { generations.count + deadlines.count + leavingOrder.count }

    /// Notes that the server was asked for a topic.
    mutating func await(_ topic: TopicName, _ generation: UInt64, until deadline: UInt64) {
        note(topic, generation, .awaited)
        deadlines.append((topic, generation, deadline))
    }

    /// Notes that a topic is not confirmed, and its subscribers were told so.
    mutating func noteLate(_ topic: TopicName, _ generation: UInt64) { note(topic, generation, .late) }

    private mutating func note(_ topic: TopicName, _ generation: UInt64, _ wait: Wait) {
        let known = unconfirmed.updateValue((generation, wait), forKey: topic)
        guard known?.generation != generation else { return }
        generations.append((topic, generation))
        // In a long outage topics come and go.
        if generations.count > 2 * unconfirmed.count + 1024 { dropForgotten() }
    }

    private mutating func dropForgotten() {
        var kept = FIFO<(topic: TopicName, generation: UInt64)>()
        while let next = generations.popFirst() {
            if unconfirmed[next.topic]?.generation == next.generation { kept.append(next) }
        }
        generations = kept
    }

    /// Whether the server was asked for a topic and has still time to answer.
    func isAwaited(_ topic: TopicName) -> Bool { unconfirmed[topic]?.wait == .awaited }

    /// Whether the server was asked for a topic and did not answer in time, or refused it.
    func isLate(_ topic: TopicName) -> Bool { isUnconfirmed(topic) && !isAwaited(topic) }

    /// Whether the server was asked for a topic and has not answered.
    func isUnconfirmed(_ topic: TopicName) -> Bool { !unconfirmed.isEmpty && unconfirmed[topic] != nil }

    /// Notes that the server has refused a topic: what it confirms from now on is of others, until it is asked anew.
    mutating func refuse(_ topic: TopicName, _ generation: UInt64) {
        unconfirmed[topic] = (unconfirmed[topic]?.generation ?? generation, .refused)
    }

    /// There is a new connection: what was refused is asked for again, with all else.
    mutating func forgetRefusals(_ generation: UInt64) {
        for (topic, known) in unconfirmed where known.wait == .refused {
            unconfirmed[topic] = nil
            note(topic, generation, .late)
        }
    }

    /// Takes the topics that the server has confirmed with a generation.
    mutating func confirm(_ generation: UInt64) -> [TopicName] {
        var topics: [TopicName] = []
        while let next = generations.popFirst(where: { $0.generation <= generation }) {
            guard let known = unconfirmed[next.topic], known.generation == next.generation, known.wait != .refused
            else { continue }
            unconfirmed[next.topic] = nil
            topics.append(next.topic)
        }
        unconfirmed.dropSlack()
        return topics
    }

    /// Takes the topics that have waited too long, which are late from now on.
    mutating func takeLate(at now: UInt64) -> [TopicName] {
        var topics: [TopicName] = []
        while let next = deadlines.popFirst(where: { $0.deadline <= now }) {
            guard let known = unconfirmed[next.topic], known.generation == next.generation, known.wait == .awaited
            else { continue }
            unconfirmed[next.topic] = (known.generation, .late)
            topics.append(next.topic)
        }
        return topics
    }

    /// Forgets that a topic is not confirmed: nobody wants it.
    mutating func forget(_ topic: TopicName) {
        unconfirmed[topic] = nil
        unconfirmed.dropSlack()
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

    /// Takes topics that are to be given up, so many at the most.
    mutating func takeLeft(_ now: UInt64, atMost limit: Int) -> [TopicName] {
        var topics: [TopicName] = []
        while topics.count < limit, let (topic, _) = leavingOrder.popFirst(where: { $0.due <= now }) {
            guard let due = leaving.removeValue(forKey: topic), due != .max else { continue }
            if due <= now {
                topics.append(topic)
            } else {
                // It was wanted and left again meanwhile.
                leave(topic, at: due)
            }
        }
        leaving.dropSlack()
        return topics
    }
}
