// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubWire

/// What is said and heard on the connection that subscribes: interests in their order, and the messages.
final class RedisSubscriber {
    /// One command on its way.
    private struct Step {
        let isAdding: Bool
        /// The names, or else the prefix, that it is about.
        var topics: [BusTopic] = []
        var prefix: String?
        /// What is confirmed with it, if it is the last of a change.
        var generation: UInt64?
        /// Whether it is one of several that were refused together.
        var isRetry = false
    }

    /// How many channels one command names; those of a shard have to be in one slot, so that each has its own.
    private var channelsAtOnce: Int { kind == .shard ? 1 : 512 }

    private let connection: RedisConnection
    private let channels: RedisChannels
    /// Whether it subscribes to channels of every server, or to those of a shard.
    private let kind: RedisSubscriptionKind
    private let confirmed: (UInt64) -> Void
    private let refused: (BusTopic, String) -> Void
    /// Said and not answered, in order.
    private var pending = FIFO<Step>()
    /// Not said yet, for want of room.
    private var waiting = FIFO<Step>()
    /// How many retries have no answer yet.
    private var openRetries = 0
    /// What is confirmed but for these.
    private var held = FIFO<UInt64>()
    /// What is wanted by name, so that a message which a pattern matches as well is taken once.
    private var names: Set<BusTopic> = []

    init(
        _ connection: RedisConnection,
        _ channels: RedisChannels,
        _ kind: RedisSubscriptionKind = .channel,
        confirmed: @escaping (UInt64) -> Void,
        refused: @escaping (BusTopic, String) -> Void
    ) {
        self.connection = connection
        self.channels = channels
        self.kind = kind
        self.confirmed = confirmed
        self.refused = refused
    }

    /// Says a change, in as few commands as its order allows.
    func want(_ change: InterestChange) throws(RedisError) {
        var steps: [Step] = []
        for step in change.steps {
            switch step {
            case .add(let topic):
                names.insert(topic)
                append(topic, isAdding: true, to: &steps)
            case .remove(let topic):
                names.remove(topic)
                append(topic, isAdding: false, to: &steps)
            case .addPrefix(let prefix): steps.append(Step(isAdding: true, prefix: prefix))
            }
        }
        names.dropSlack()
        guard !steps.isEmpty else { return confirmed(change.generation) }
        steps[steps.count - 1].generation = change.generation
        for step in steps { waiting.append(step) }
        try sayWaiting()
    }

    /// Tries the right to end a subscription, so that its want is seen before clients leave.
    func tryToUnsubscribe() throws(RedisError) {
        waiting.append(Step(isAdding: false, topics: [.nodes]))
        try sayWaiting()
    }

    private func append(_ topic: BusTopic, isAdding: Bool, to steps: inout [Step]) {
        if let last = steps.last, last.prefix == nil, last.isAdding == isAdding, last.topics.count < channelsAtOnce {
            steps[steps.count - 1].topics.append(topic)
        } else {
            steps.append(Step(isAdding: isAdding, topics: [topic]))
        }
    }

    /// Says what there is room for.
    func sayWaiting() throws(RedisError) {
        while connection.hasRoom, let step = waiting.popFirst() {
            // Given up before its turn came: what was said of it since then counts.
            if step.isRetry, let topic = step.topics.first, !self.names.contains(topic) {
                finishRetry()
                continue
            }
            let names = step.topics.map { channels.channel($0) }
            if let prefix = step.prefix {
                try connection.subscribe(.pattern, to: [channels.pattern(prefix)], token: 0)
            } else if step.isAdding {
                try connection.subscribe(kind, to: names, token: 0)
            } else {
                try connection.unsubscribe(kind, from: names, token: 0)
            }
            pending.append(step)
        }
    }

    /// Takes the answer to the oldest command; nil unless the connection is of no use any more.
    func answered(_ reply: RESPReply) -> RedisError? {
        guard let step = pending.popFirst() else { return nil }
        if let error = reply.error(to: "\(connection.address) answers to a subscription") {
            // Who may not unsubscribe would be sent more and more that nobody wants.
            guard step.isAdding else { return error }
            guard step.topics.count <= 1 else {
                // Redis refuses all for the sake of one: each is asked for by itself.
                openRetries += step.topics.count
                for topic in step.topics { waiting.append(Step(isAdding: true, topics: [topic], isRetry: true)) }
                if let generation = step.generation { held.append(generation) }
                do throws(RedisError) { try sayWaiting() } catch { return error }
                return nil
            }
            // Without these a node is none; and a shard that refuses for another reason is none, or not the right one.
            guard let topic = step.topics.first, topic.kind == .topic, kind != .shard || error.code == .noPermission
            else {
                return error
            }
            names.remove(topic)
            refused(topic, error.message)
        }
        if let generation = step.generation { openRetries > 0 ? held.append(generation) : confirmed(generation) }
        if step.isRetry { finishRetry() }
        return nil
    }

    /// Confirms what was held once all retries are answered, as a confirmation is for all that was wanted before it.
    private func finishRetry() {
        openRetries -= 1
        guard openRetries == 0 else { return }
        while let generation = held.popFirst() { confirmed(generation) }
    }

    /// The name of a message's channel; nil for what is no message, or comes by another way as well.
    func name(of push: RedisPush) -> UnsafeRawBufferPointer? {
        switch push.kind {
        case .message, .shardMessage: return channels.name(push.channel)
        case .patternMessage:
            guard let name = channels.name(push.channel) else { return nil }
            if let topic = BusTopic(name), names.contains(topic) { return nil }
            return name
        default: return nil
        }
    }

    /// Whether the server has ended a subscription to a shard's channel unasked, as it does when the slot moves away.
    func isUnasked(_ push: RedisPush) -> Bool {
        guard push.kind == .shardUnsubscribed else { return false }
        guard let step = pending.first, !step.isAdding, let topic = step.topics.first else { return true }
        return !channels.channel(topic).elementsEqual(push.channel)
    }
}
