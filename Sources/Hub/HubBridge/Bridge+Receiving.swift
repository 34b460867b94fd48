// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import HubCore
import HubMetrics
import HubWire

/// From the bus to the hub.
extension Bridge: BusSink {
    package func received(_ envelope: Envelope, on topic: BusTopic, at now: UInt64) {
        if members.isSomebodyOverdue { members.heard(envelope.incarnation, now) }
        switch (envelope.kind, topic.kind) {
        case (.publication, .broadcast), (.publication, .topic):
            guard let name = topic.topicName else { return link.dropped(.decode, envelope) }
            guard isWanted(topic, name), !isNumbered(name) || isNew(envelope, on: topic) else { return }
            guard fits(envelope) else { return }
            guard isFrame(envelope) else { return link.dropped(.decode, envelope) }
            deliver(envelope.payload, isBinary: envelope.isBinary, to: name, at: now)
        case (.request, .node):
            if topic == ownTopic, isNew(envelope, on: topic) { answer(envelope) }
        case (.answer, .node):
            if topic == ownTopic, isNew(envelope, on: topic) { answered(envelope) }
        case (.node, .nodes): received(record: envelope)
        default: link.dropped(.decode, envelope)
        }
    }

    /// Whether the node wants a topic: what was on its way when that ended goes nowhere, and must leave no trace.
    private func isWanted(_ topic: BusTopic, _ name: TopicName) -> Bool {
        name.isBroadcast || link.interest.contains(topic)
    }

    /// Whether numbers of a topic tell anything: before the server has confirmed it, messages of an earlier interest in it may
    /// still come, and what nobody wanted between the two is no gap.
    private func isNumbered(_ name: TopicName) -> Bool { name.isBroadcast || !interest.isUnconfirmed(name) }

    /// Whether clients can be sent a payload: they end their connections over a text that is no UTF-8.
    func isFrame(_ envelope: Envelope) -> Bool { envelope.isBinary || UTF8Validator.isValid(envelope.payload) }

    /// Whether a payload is no longer than a message may be; one that is counts as dropped.
    func fits(_ envelope: Envelope) -> Bool {
        guard envelope.payload.count > settings.maxMessageBytes else { return true }
        link.dropped(.tooLarge, envelope)
        return false
    }

    private func isNew(_ envelope: Envelope, on topic: BusTopic) -> Bool {
        let position = SequenceBook.Position(epoch: envelope.epoch, sequence: envelope.sequence)
        switch gaps.received(envelope.incarnation, topic, position) {
        case .expected: return true
        case .gap(let missing):
            lost(missing, of: envelope.incarnation, String(decoding: envelope.origin, as: UTF8.self), on: topic)
            return true
        case .duplicate:
            metrics.duplicates.increment()
            return false
        }
    }

    /// Counts and tells a loss.
    ///
    /// A number that no node can have reached, which whoever writes to the bus may send, does not turn the counter over.
    func lost(_ missing: UInt64, of incarnation: UInt64, _ origin: String, on topic: BusTopic) {
        let messages = min(missing, 1 << 32)
        metrics.gaps.increment(by: messages)
        gapLog.lost(messages, of: incarnation, origin, on: topic)
    }

    private func deliver(_ payload: UnsafeRawBufferPointer, isBinary: Bool, to topic: TopicName, at now: UInt64) {
        incomingBytes += payload.count
        incoming.append(
            Publication(topic: topic, opcode: isBinary ? 2 : 1, payload: Array(payload), ingress: now)
        )
        if incoming.count >= Self.batchLimit || incomingBytes >= Self.batchByteLimit { deliverIncoming() }
    }

    package var hasRoom: Bool { !isHubFull }

    /// Hands on what came, together: one lock and one wake-up for each loop.
    func deliverIncoming() {
        guard !incoming.isEmpty else { return }
        let batch = incoming
        incoming.removeAll(keepingCapacity: true)
        incomingBytes = 0
        if !hub.deliver(batch) { isHubFull = true }
    }

    // MARK: Payloads of other programs

    package func receivedBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic) {
        guard let receiver = BareReceiver(topic) else { return link.dropped(.decode, on: topic.name) }
        if let client = receiver.client {
            // Every node gets it, and all but one have no such client.
            guard hub.isLocal(client) else { return }
        } else {
            guard isWanted(topic, receiver.name) else { return }
        }
        guard
            let frame = BareFrame(
                bytes,
                to: receiver.name,
                limit: settings.maxMessageBytes,
                messageID: hub.nextMessageID(),
                timestamp: hub.unixMilliseconds()
            )
        else { return link.dropped(.tooLarge, on: topic.name) }
        guard let client = receiver.client else {
            return frame.bytes.withUnsafeBytes {
                deliver($0, isBinary: frame.isBinary, to: receiver.name, at: clock.monotonic())
            }
        }
        let error = push(frame.isBinary ? .binary(frame.bytes) : .text(frame.bytes), to: client)
        if error?.code == .sendBufferFull { link.dropped(.queueFull, on: topic.name) }
    }

    /// Pushes a frame to a client of this node.
    func push(_ frame: Frame, to id: ClientID) -> HubError? {
        do throws(HubError) {
            if try !hub.pushLocally(frame, to: id) { isHubFull = true }
            return nil
        } catch {
            return error
        }
    }
}

/// For whom a payload of another program is.
private struct BareReceiver {
    /// The topic as clients are told it.
    let name: TopicName
    /// The one client, if it is for one.
    var client: ClientID?

    init?(_ topic: BusTopic) {
        if let name = topic.topicName {
            self.name = name
        } else {
            // The id as the hub writes it, whatever the case of the letters.
            guard let client = ClientID(topic.suffix), let name = try? TopicName.unicast(to: client.description) else {
                return nil
            }
            self.name = name
            self.client = client
        }
    }
}
