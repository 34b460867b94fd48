// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

extension Shard {
    /// Makes a client a subscriber of a topic; again is no error.
    ///
    /// - Throws: ``HubError`` `.tooManySubscriptions` or `.tooManyTopics`.
    /// - Complexity: O(subscriptions of the client).
    package func subscribe(_ client: Client, to name: TopicName) throws(HubError) {
        _ = try enter(client, name)
    }

    /// Makes a client a subscriber, and gives the topic.
    func enter(_ client: Client, _ name: TopicName) throws(HubError) -> Topic {
        guard client.isRegistered else { throw .connectionClosed }
        if let topic = topics[name] {
            guard !client.subscriptions.contains(where: { $0.topic === topic }) else { return topic }
            try checkSubscriptions(of: client)
            try takeShare(of: client)
            // What was published before must not reach the newcomer.
            settle(topic)
            join(client, topic)
            return topic
        }
        try checkSubscriptions(of: client)
        guard topics.count < settings.maxTopics else {
            throw HubError(code: .tooManyTopics, message: "the hub holds its limit of \(settings.maxTopics) topics")
        }
        try takeShare(of: client)
        let topic = Topic(name: name, scope: .topic)
        topics[name] = topic
        join(client, topic)
        if hub.usesTable { enterTable(topic, client) }
        return topic
    }

    /// Lets other shards know that this one has subscribers, and the bus if no other has.
    private func enterTable(_ topic: Topic, _ client: Client) {
        let joined = hub.topicTable.join(topic.name, index)
        guard let outbox = hub.outbox else { return }
        topic.reach = joined.reach
        guard joined.isFirst else { return }
        let outcome = outbox.interestChanged(topic.name, from: index)
        if outcome.isFull { pause(client, .bus) }
        // The bus is closed: nobody will confirm it.
        if !outcome.isReachable { hub.settle(topic.name, isConfirmed: false) }
    }

    private func leaveTable(_ topic: Topic) {
        guard hub.topicTable.leave(topic.name, index) else { return }
        _ = hub.outbox?.interestChanged(topic.name, from: index)
    }

    /// Ends a subscription; none is no error.
    ///
    /// Messages published before still arrive.
    ///
    /// - Complexity: O(subscriptions of the client).
    package func unsubscribe(_ client: Client, from name: TopicName) {
        guard let topic = topics[name], let slot = client.subscriptions.firstIndex(where: { $0.topic === topic }) else {
            return
        }
        settle(topic)
        leave(client, topic, slot: slot)
        counts.pointee.unsubscribes += 1
    }

    private func checkSubscriptions(of client: Client) throws(HubError) {
        guard client.subscriptions.count < settings.maxSubscriptionsPerClient else {
            throw HubError(
                code: .tooManySubscriptions,
                message: "a client may subscribe to \(settings.maxSubscriptionsPerClient) topics"
            )
        }
    }

    private func takeShare(of client: Client) throws(HubError) {
        guard let share = client.share, !share.take() else { return }
        throw HubError(
            code: .tooManySubscriptions,
            message: "all clients of an address may have \(share.limit) subscriptions together"
        )
    }

    private func join(_ client: Client, _ topic: Topic) {
        client.subscriptions.append(Subscription(topic: topic, position: topic.subscribers.count))
        topic.subscribers.append(
            Subscriber(client: .passUnretained(client), slot: client.subscriptions.count - 1)
        )
        counts.pointee.subscribes += 1
    }

    /// Takes a client out of some of its topics; true when others are left.
    func leaveSome(_ client: Client) -> Bool {
        for _ in 0..<64 {
            guard let last = client.subscriptions.last else { return false }
            leave(client, last.topic, slot: client.subscriptions.count - 1)
        }
        return !client.subscriptions.isEmpty
    }

    /// Goes on to take leaving clients out of their topics; false when some are left for the next tick.
    func leaveTopics() -> Bool {
        while let client = leavingClients.last {
            guard leaveSome(client) else {
                leavingClients.removeLast()
                continue
            }
            guard hasTime else { return false }
        }
        return true
    }

    /// Takes a membership out of both lists; the last of each takes the free place.
    private func leave(_ client: Client, _ topic: Topic, slot: Int) {
        client.share?.giveBack()
        answerWaiting(client, for: topic)
        let position = client.subscriptions[slot].position
        let moved = topic.subscribers.removeLast()
        if position < topic.subscribers.count {
            topic.subscribers[position] = moved
            moved.client._withUnsafeGuaranteedRef { $0.subscriptions[moved.slot].position = position }
        }
        let last = client.subscriptions.removeLast()
        if slot < client.subscriptions.count {
            client.subscriptions[slot] = last
            last.topic.subscribers[last.position].slot = slot
        }
        guard topic.subscribers.isEmpty else { return }
        topics[topic.name] = nil
        if hub.usesTable { leaveTable(topic) }
    }
}
