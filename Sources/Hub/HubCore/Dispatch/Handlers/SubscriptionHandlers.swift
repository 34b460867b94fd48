// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Answers `subscribe`: from the answer on the client gets what is published to the topic.
struct SubscribeHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let request = try TopicRequest.parse(message.requiredData())
        do throws(HubError) {
            try message.shard.subscribe(message.client, to: request.topicName)
        } catch {
            throw MessageError(error)
        }
        message.reply { timestamp, bytes in
            HubMessage.subscribed(
                topic: request.topic,
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
