// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Answers `publish`: the topic's subscribers get the payload byte for byte.
struct PublishHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let data = try message.requiredData()
        let request = try PublishRequest.parse(data)
        message.publish(
            UnsafeRawBufferPointer(rebasing: data[request.payload]),
            to: request.topicName,
            echo: request.echo
        )
        message.answerPublished(request.topic)
    }
}

/// Answers `broadcast`: every client gets the payload.
struct BroadcastHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let data = try message.requiredData()
        let request = try BroadcastRequest.parse(data)
        message.publish(UnsafeRawBufferPointer(rebasing: data[request.payload]), to: .broadcast)
        message.answerPublished(TopicName.broadcast.text)
    }
}

/// Answers `unicast`: one client gets the payload, or the sender an error.
struct UnicastHandler: MessageHandler {
    func handle(_ message: Message) throws(MessageError) {
        let data = try message.requiredData()
        let request: UnicastRequest
        do throws(MessageError) {
            request = try UnicastRequest.parse(data)
        } catch {
            // An id that no client can have is one that no client has.
            if error.code == .clientNotFound { _ = message.shard.hub.refused(.clientNotFound) }
            throw error
        }
        guard let target = ClientID(request.clientID) else {
            throw MessageError(message.shard.hub.refused(.clientNotFound))
        }
        // The id as the hub writes it, whatever the case of the sender's letters.
        let topic = TopicName.unicastPrefix + target.description
        do throws(HubError) {
            try message.shard.withScratch { bytes throws(HubError) in
                message.encode(
                    UnsafeRawBufferPointer(rebasing: data[request.payload]),
                    EncodedString(topic),
                    to: &bytes
                )
                let shard = message.shard
                let result: Result<Void, HubError> = bytes.withUnsafeBytes { encoded in
                    do throws(HubError) {
                        return .success(
                            try shard.unicast(encoded, to: target, from: message.client, ingress: message.ingress)
                        )
                    } catch {
                        return .failure(error)
                    }
                }
                try result.get()
            }
        } catch {
            throw MessageError(error)
        }
        message.answerPublished(topic)
    }
}

extension Message {
    fileprivate func publish(_ payload: UnsafeRawBufferPointer, to topic: TopicName, echo: Bool = true) {
        let name = shard.topic(topic)?.encodedName ?? EncodedString(topic.text)
        shard.withScratch { bytes in
            encode(payload, name, to: &bytes)
            bytes.withUnsafeBytes { shard.publish(1, $0, to: topic, from: client, ingress: ingress, echo: echo) }
        }
    }

    /// Appends the `message` that receivers get.
    fileprivate func encode(_ payload: UnsafeRawBufferPointer, _ topic: EncodedString, to bytes: inout [UInt8]) {
        HubMessage.message(
            topic: topic,
            payload: payload,
            from: client.encodedID,
            messageID: shard.hub.nextMessageID(),
            timestamp: shard.environment.unixMilliseconds(),
            to: &bytes
        )
    }

    fileprivate func answerPublished(_ topic: String) {
        reply { timestamp, bytes in
            HubMessage.published(topic: topic, messageID: messageID, timestamp: timestamp, to: &bytes)
        }
    }
}
