// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubWire

/// From the hub to the bus.
extension Bridge {
    func publish(_ publication: Publication, _ answer: PendingAnswer?, _ now: UInt64) {
        if !link.takesPublications, buffer.append(publication, now) {
            answer?.complete(.error(MessageError(.busUnavailable, "other nodes cannot be reached now")))
            return
        }
        send(publication, answer, now)
    }

    func send(_ publication: Publication, _ answer: PendingAnswer?, _ now: UInt64) {
        var fields = EnvelopeWriter.Fields(.publication, to: BusTopic(publication.topic))
        fields.isBinary = publication.opcode == 2
        // Since it came into the node: the way through the outbox counts.
        let waited = now > publication.ingress ? (now - publication.ingress) / 1000 : 0
        fields.publishTime = clock.unixMicroseconds() - Int64(clamping: waited)
        let observer = answer.map { ConfirmedAnswer($0, topic: publication.topic) }
        send(fields, publication.payload, observer)
    }

    /// Numbers, encodes and publishes.
    func send(_ fields: EnvelopeWriter.Fields, _ payload: [UInt8], _ observer: ConfirmedAnswer? = nil) {
        var fields = fields
        // What is not sent has no number: it is no gap, its publisher was told.
        if link.takesPublications {
            let position = sequences.next(fields.topic)
            fields.epoch = position.epoch
            fields.sequence = position.sequence
        }
        link.publish(writer.encode(fields, payload: payload), fields.kind, to: fields.topic, observer)
    }

    /// Gives up what has waited too long for the bus, and sends the rest once it is back.
    func emptyBuffer(_ now: UInt64) {
        var expired: UInt64 = 0
        while buffer.popExpired(now) != nil { expired += 1 }
        link.refused(expired)
        guard link.takesPublications else { return }
        while link.hasRoom, let publication = buffer.popFirst() { send(publication, nil, now) }
    }
}

/// Completes a client's answer by that of the bus.
final class ConfirmedAnswer: PublishObserver {
    private let answer: PendingAnswer
    private let topic: TopicName

    init(_ answer: PendingAnswer, topic: TopicName) {
        self.answer = answer
        self.topic = topic
    }

    func published(_ error: BusError?) {
        guard let error else { return answer.complete(.published(topic.text)) }
        // The error's own text is for the log: it has addresses.
        answer.complete(.error(MessageError(.busUnavailable, "the message bus did not take it: \(error.code)")))
    }
}
