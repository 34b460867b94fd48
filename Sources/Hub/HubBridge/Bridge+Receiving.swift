// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import HubCore
import HubMetrics
import HubWire

/// From the bus to the hub.
extension Bridge: BusSink {
    package func received(_ envelope: Envelope, on topic: BusTopic) {
        switch (envelope.kind, topic.kind) {
        case (.publication, .broadcast), (.publication, .topic):
            guard let name = topic.topicName else { return metrics.dropped(.decode) }
            guard isNew(envelope, on: topic) else { return }
            deliver(envelope.payload, isBinary: envelope.isBinary, to: name)
        case (.request, .node):
            if topic == ownTopic, isNew(envelope, on: topic) { answer(envelope) }
        case (.answer, .node):
            if topic == ownTopic, isNew(envelope, on: topic) { answered(envelope) }
        case (.node, .nodes): received(record: envelope)
        default: metrics.dropped(.decode)
        }
    }

    private func isNew(_ envelope: Envelope, on topic: BusTopic) -> Bool {
        let position = SequenceBook.Position(epoch: envelope.epoch, sequence: envelope.sequence)
        switch gaps.received(envelope.incarnation, topic, position) {
        case .expected: return true
        case .gap(let missing):
            lost(missing, of: envelope.incarnation, on: topic)
            return true
        case .duplicate:
            metrics.duplicates.increment()
            return false
        }
    }

    func lost(_ messages: UInt64, of incarnation: UInt64, on topic: BusTopic) {
        metrics.gaps.increment(by: messages)
        gapLog.lost(messages, of: incarnation, on: topic)
    }

    private func deliver(_ payload: UnsafeRawBufferPointer, isBinary: Bool, to topic: TopicName) {
        incomingBytes += payload.count
        incoming.append(
            Publication(topic: topic, opcode: isBinary ? 2 : 1, payload: Array(payload), ingress: clock.monotonic())
        )
    }

    package func receivedAll() -> Bool {
        if incoming.count >= Self.batchLimit || incomingBytes >= Self.batchByteLimit { deliverIncoming() }
        return !isHubFull
    }

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
        guard let receiver = BareReceiver(topic) else { return metrics.dropped(.decode) }
        guard let frame = BareFrame(bytes, to: receiver.name, hub: hub, limit: settings.maxMessageBytes) else {
            return metrics.dropped(.tooLarge)
        }
        guard let client = receiver.client else {
            return frame.bytes.withUnsafeBytes { deliver($0, isBinary: frame.isBinary, to: receiver.name) }
        }
        // What came before it is before it.
        deliverIncoming()
        do throws(HubError) {
            _ = try hub.pushLocally(frame.isBinary ? .binary(frame.bytes) : .text(frame.bytes), to: client)
        } catch {
            // Every node gets it, and all but one have no such client.
            if error.code == .sendBufferFull { metrics.dropped(.queueFull) }
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
