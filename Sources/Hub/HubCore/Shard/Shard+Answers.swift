// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Requests that are answered later.
extension Shard {
    /// Opens an answer; a client with too many of them is not read until half are given.
    func answerLater(_ message: borrowing Message) -> PendingAnswer {
        let client = message.client
        let expires = environment.monotonicNanoseconds() &+ AnswerTable.patience
        let inbox = inbox
        let answer = answers.insert { PendingAnswer(message, slot: $0, expires: expires, inbox: inbox) }
        client.openAnswers &+= 1
        if client.openAnswers >= AnswerTable.limitPerClient, !client.awaitsAnswers, client.closeReason == nil {
            client.awaitsAnswers = true
            answers.waitingClients += 1
            counts.pointee.pauses[Int(PauseReason.answers.rawValue)] &+= 1
            client.transport.pauseReading()
        }
        return answer
    }

    /// Gives an answer whose right to be given was taken.
    func give(_ answer: PendingAnswer, _ content: PendingAnswer.Content) {
        answers.remove(answer)
        guard let client = client(for: answer.client) else { return }
        client.openAnswers &-= 1
        reply(to: client, ingress: answer.ingress) { encode(content, for: answer, to: &$0) }
        guard client.awaitsAnswers, client.openAnswers <= AnswerTable.limitPerClient / 2 else { return }
        client.awaitsAnswers = false
        answers.waitingClients -= 1
        resumeReading(client)
    }

    private func encode(_ content: PendingAnswer.Content, for answer: PendingAnswer, to bytes: inout [UInt8]) {
        let timestamp = environment.unixMilliseconds()
        let id = answer.messageID
        switch content {
        case .published(let topic):
            HubMessage.published(topic: topic, messageID: id, timestamp: timestamp, to: &bytes)
        case .subscribed(let topic, let isReachable):
            HubMessage.subscribed(
                topic: topic.text,
                isReachable: isReachable,
                messageID: id,
                timestamp: timestamp,
                to: &bytes
            )
        case .error(var error):
            error.messageID = id
            error.messageType = answer.messageType
            counts.pointee.commands.countError(answer.kind, error.code)
            HubMessage.error(error, timestamp: timestamp, to: &bytes)
        case .message(let encode):
            encode(id, timestamp, &bytes)
        }
    }

    /// Answers what nobody answered.
    func expireAnswers() {
        for answer in answers.expired(environment.monotonicNanoseconds) where answer.take() {
            give(answer, .error(MessageError(.internal, "no answer in time")))
        }
    }

    /// Forgets that a client that has gone waits for answers.
    func stopAwaiting(_ client: Client) {
        guard client.awaitsAnswers else { return }
        client.awaitsAnswers = false
        answers.waitingClients -= 1
    }

    // MARK: Subscriptions that wait for the bus

    /// Notes whether other nodes' messages to a topic arrive, and answers those who waited for that.
    func note(_ name: TopicName, isConfirmed: Bool) {
        guard let topic = topics[name] else { return }
        topic.reach = isConfirmed ? .confirmed : .unavailable
        let isReachable = isConfirmed && hub.outbox?.isAvailable ?? true
        let waiting = topic.waiting
        topic.waiting = [:]
        for answers in waiting.values {
            for answer in answers where answer.take() { give(answer, .subscribed(name, isReachable: isReachable)) }
        }
    }

    /// Answers a client's requests that wait for a topic, before it leaves it: answers of one topic keep their order.
    func answerWaiting(_ client: Client, for topic: Topic) {
        guard !topic.waiting.isEmpty, let own = topic.waiting.removeValue(forKey: ObjectIdentifier(client.handle))
        else {
            return
        }
        for answer in own where answer.take() { give(answer, .subscribed(topic.name, isReachable: false)) }
    }

    /// Answers a request to subscribe once the bus has confirmed its topic.
    func awaitReach(_ topic: Topic, _ message: borrowing Message) {
        topic.waiting[ObjectIdentifier(message.client.handle), default: []].append(answerLater(message))
    }
}
