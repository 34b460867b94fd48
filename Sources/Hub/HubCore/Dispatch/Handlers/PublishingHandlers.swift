// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Answers `publish`: the topic's subscribers get the payload byte for byte.
struct PublishHandler: MessageHandler {
    /// The most bytes that receivers get in one message.
    let limit: Int

    func handle(_ message: Message) throws(MessageError) {
        let data = try message.requiredData()
        let request = try PublishRequest.parse(data)
        try message.publish(
            UnsafeRawBufferPointer(rebasing: data[request.payload]),
            to: request.topicName,
            limit: limit,
            echo: request.echo
        )
        message.answerPublished(request.topic)
    }
}

/// Answers `broadcast`: every client gets the payload.
struct BroadcastHandler: MessageHandler {
    /// The most bytes that receivers get in one message.
    let limit: Int

    func handle(_ message: Message) throws(MessageError) {
        let data = try message.requiredData()
        let payload = UnsafeRawBufferPointer(rebasing: data[try BroadcastRequest.parse(data).payload])
        try message.publish(payload, to: .broadcast, limit: limit)
        message.answerPublished(TopicName.broadcast.text)
    }
}

/// Answers `unicast`: one client gets the payload, or the sender an error.
struct UnicastHandler: MessageHandler {
    /// The most bytes that receivers get in one message.
    let limit: Int

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
        let payload = UnsafeRawBufferPointer(rebasing: data[request.payload])
        try message.shard.withScratch { bytes throws(MessageError) in
            try message.encode(payload, EncodedString(topic), limit: limit, to: &bytes)
            let shard = message.shard
            let refusal: HubError? = bytes.withUnsafeBytes { encoded in
                do throws(HubError) {
                    try shard.unicast(encoded, to: target, from: message.client, ingress: message.ingress)
                    return nil
                } catch {
                    return error
                }
            }
            if let refusal { throw MessageError(refusal) }
        }
        message.answerPublished(topic)
    }
}

extension Message {
    fileprivate func publish(
        _ payload: UnsafeRawBufferPointer,
        to topic: TopicName,
        limit: Int,
        echo: Bool = true
    ) throws(MessageError) {
        let name = shard.topic(topic)?.encodedName ?? EncodedString(topic.text)
        try shard.withScratch { bytes throws(MessageError) in
            try encode(payload, name, limit: limit, to: &bytes)
            bytes.withUnsafeBytes { shard.publish(1, $0, to: topic, from: client, ingress: ingress, echo: echo) }
        }
    }

    /// Appends the `message` that receivers get.
    ///
    /// - Throws: ``MessageError`` `.tooLarge` when it has more bytes than the limit: clients may have the same one.
    fileprivate func encode(
        _ payload: UnsafeRawBufferPointer,
        _ topic: EncodedString,
        limit: Int,
        to bytes: inout [UInt8]
    ) throws(MessageError) {
        HubMessage.message(
            topic: topic,
            payload: payload,
            from: client.encodedID,
            messageID: shard.hub.nextMessageID(),
            timestamp: shard.environment.unixMilliseconds(),
            to: &bytes
        )
        guard bytes.count <= limit else { throw .tooLarge(delivered: bytes.count, limit: limit) }
    }

    fileprivate func answerPublished(_ topic: String) {
        reply { timestamp, bytes in
            HubMessage.published(topic: topic, messageID: messageID, timestamp: timestamp, to: &bytes)
        }
    }
}

extension MessageError {
    /// What receivers would get is more than they may get.
    static func tooLarge(delivered: Int, limit: Int) -> MessageError {
        MessageError(.tooLarge, "with the hub's own text the message has \(delivered) bytes, and \(limit) are allowed")
    }
}
