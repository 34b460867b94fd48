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
            echo: request.echo,
            confirm: request.confirm
        )
    }
}

/// Answers `broadcast`: every client gets the payload.
struct BroadcastHandler: MessageHandler {
    /// The most bytes that receivers get in one message.
    let limit: Int

    func handle(_ message: Message) throws(MessageError) {
        let data = try message.requiredData()
        let request = try BroadcastRequest.parse(data)
        let payload = UnsafeRawBufferPointer(rebasing: data[request.payload])
        try message.publish(payload, to: .broadcast, limit: limit, confirm: request.confirm)
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
        let shard = message.shard
        var isForwarded = false
        try shard.withScratch { bytes throws(MessageError) in
            try message.encode(payload, EncodedString(topic), limit: limit, to: &bytes)
            if shard.hub.outbox != nil, !shard.hub.isLocal(target) {
                isForwarded = true
                return message.forward(bytes, to: target, topic)
            }
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
        if !isForwarded { message.answerPublished(topic) }
    }
}

extension Message {
    /// Publishes and answers: at once, or with `confirm` when the bus has answered.
    fileprivate func publish(
        _ payload: UnsafeRawBufferPointer,
        to topic: TopicName,
        limit: Int,
        echo: Bool = true,
        confirm: Bool
    ) throws(MessageError) {
        let name = shard.topic(topic)?.encodedName ?? EncodedString(topic.text)
        var isReachable = true
        var answer: PendingAnswer?
        try shard.withScratch { bytes throws(MessageError) in
            try encode(payload, name, limit: limit, to: &bytes)
            if confirm, shard.hub.outbox != nil { answer = answerLater() }
            isReachable = bytes.withUnsafeBytes {
                shard.publish(
                    1,
                    $0,
                    to: topic,
                    from: client,
                    ingress: ingress,
                    echo: echo,
                    answer: answer
                )
            }
        }
        if let answer {
            if !isReachable {
                answer.complete(.error(MessageError(.busUnavailable, "other nodes cannot be reached now")))
            }
        } else {
            answerPublished(topic.text, isReachable: isReachable)
        }
    }

    /// Hands a message on to the node of its receiver, and answers when that node has.
    fileprivate func forward(_ bytes: [UInt8], to target: ClientID, _ topic: String) {
        let (hub, answer) = (shard.hub, answerLater())
        shard.countUnicast()
        // A copy of its own size: the shard's memory for encoding may be far larger, and what waits is counted by its length.
        let frame = Frame.text(bytes.withUnsafeBytes { Array($0) })
        let outcome = hub.outbox?.forward(frame, to: target, from: shard.index) { error in
            guard let error else { return answer.complete(.published(topic)) }
            answer.complete(.error(MessageError(hub.refused(error))))
        }
        if outcome?.isFull == true { shard.pause(client, .bus) }
        if outcome?.isReachable != true {
            answer.complete(.error(MessageError(hub.refused(hub.unreachable(target)))))
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

    fileprivate func answerPublished(_ topic: String, isReachable: Bool = true) {
        reply { timestamp, bytes in
            HubMessage.published(
                topic: topic,
                isReachable: isReachable,
                messageID: messageID,
                timestamp: timestamp,
                to: &bytes
            )
        }
    }
}

extension MessageError {
    /// What receivers would get is more than they may get.
    static func tooLarge(delivered: Int, limit: Int) -> MessageError {
        MessageError(.tooLarge, "with the hub's own text the message has \(delivered) bytes, and \(limit) are allowed")
    }
}
