// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubWire

extension BusLink {
    /// Sorts out one message: probes and own copies are the link's, the rest is the sink's.
    ///
    /// - Parameter now: Nanoseconds of the monotonic clock.
    func receive(_ message: Received, _ now: UInt64) {
        if let number = ownCanary(message), sink?.canaryReturned(number, at: now) == true { return }
        metrics.received.increment()
        metrics.receivedBytes.increment(by: UInt64(truncatingIfNeeded: message.bytes.count))
        guard let topic = BusTopic(message.topic) else { return dropped(.decode, on: Self.text(message.topic)) }
        guard Envelope.begins(message.bytes) else { return receiveBare(message.bytes, on: topic) }
        let envelope: Envelope
        do throws(Envelope.Fault) {
            envelope = try Envelope(message.bytes)
        } catch {
            return dropped(error == .unknownVersion ? .unknownVersion : .decode, on: topic.name)
        }
        guard envelope.topic.hasBytes(of: message.topic) else { return dropped(.decode, on: topic.name) }
        let wallTime = clock.unixMicroseconds()
        metrics.noteReceipt(wallTime)
        let isOwn = envelope.incarnation == identity.incarnation
        switch envelope.kind {
        case .probe:
            if isOwn { probeReturned(envelope.sequence, now) }
            return
        case .canary:
            // In the node's inbox it came late or twice, or is of another run or a node of the same name.
            if topic != .node(identity.id) { dropped(.decode, on: topic.name) }
            return
        case .publication, .request, .answer, .node: break
        }
        metrics.observeTransit(from: envelope.publishTime, to: wallTime)
        if !isOwn { sink?.received(envelope, on: topic, at: now) }
    }

    /// The number of a canary of this node in the node's own inbox; nil for anything else.
    private func ownCanary(_ message: Received) -> UInt64? {
        guard Envelope.kind(of: message.bytes) == .canary, let envelope = try? Envelope(message.bytes),
            envelope.incarnation == identity.incarnation
        else { return nil }
        guard envelope.topic.hasBytes(of: message.topic) else { return nil }
        return BusTopic(message.topic) == .node(identity.id) ? envelope.sequence : nil
    }

    private func receiveBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic) {
        switch topic.kind {
        case .broadcast, .topic, .unicast: break
        case .node, .nodes: return dropped(.bareRefused, on: topic.name)
        }
        guard settings.acceptsBare else { return dropped(.bareRefused, on: topic.name) }
        guard bytes.count <= settings.maxBareBytes else { return dropped(.tooLarge, on: topic.name) }
        metrics.bare.increment()
        sink?.receivedBare(bytes, on: topic)
    }

    /// Counts a message that goes no further, and tells of it.
    ///
    /// - Parameter topic: The name it came to; only looked at when a line is written.
    /// - Parameter origin: The node that sent it, if it was one.
    package func dropped(
        _ reason: InboundDropReason,
        on topic: @autoclosure () -> String,
        of origin: @autoclosure () -> String = ""
    ) {
        metrics.dropped(reason)
        outageLog.dropped(reason, on: topic, of: origin)
    }

    /// Counts another node's message that goes no further, and tells of it.
    package func dropped(_ reason: InboundDropReason, _ envelope: Envelope) {
        dropped(reason, on: Self.text(envelope.topic), of: Self.text(envelope.origin))
    }

    /// A name as others wrote it, for the log.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix(256), as: UTF8.self)
    }

    private func probeReturned(_ number: UInt64, _ now: UInt64) {
        let (action, roundTrip) = supervisor.probeReturned(number, now)
        if let roundTrip { metrics.probeRoundTrip.observe(roundTrip) }
        perform(action)
    }
}
