// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Answers `subscribe`: from the answer on the client gets what is published to the topic.
///
/// Other nodes' messages too, unless the answer says that the bus is unavailable; where the bus has to confirm that first, the
/// answer waits.
struct SubscribeHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let request = try TopicRequest.parse(message.requiredData())
        let topic: Topic
        do throws(HubError) {
            topic = try message.shard.enter(message.client, request.topicName)
        } catch {
            throw MessageError(error)
        }
        if topic.reach == .pending { return message.shard.awaitReach(topic, message) }
        let isReachable = topic.reach == .confirmed && message.shard.hub.outbox?.isAvailable ?? true
        message.reply { timestamp, bytes in
            HubMessage.subscribed(
                topic: request.topic,
                isReachable: isReachable,
                messageID: message.messageID,
                timestamp: timestamp,
                to: &bytes
            )
        }
    }
}

/// Answers `unsubscribe`; a topic that the client is not subscribed to is no error.
struct UnsubscribeHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let request = try TopicRequest.parse(message.requiredData())
        message.shard.unsubscribe(message.client, from: request.topicName)
        message.reply { timestamp, bytes in
            HubMessage.unsubscribed(
                topic: request.topic,
                messageID: message.messageID,
                timestamp: timestamp,
                to: &bytes
            )
        }
    }
}
