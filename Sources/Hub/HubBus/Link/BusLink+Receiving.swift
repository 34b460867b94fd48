// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubWire

extension BusLink {
    /// Sorts out one message: probes and own copies are the link's, the rest is the sink's.
    ///
    /// - Parameter now: Nanoseconds of the monotonic clock.
    func receive(_ message: Received, _ now: UInt64) {
        metrics.received.increment()
        metrics.receivedBytes.increment(by: UInt64(truncatingIfNeeded: message.bytes.count))
        guard let topic = BusTopic(message.topic) else { return metrics.dropped(.decode) }
        guard Envelope.begins(message.bytes) else { return receiveBare(message.bytes, on: topic) }
        let envelope: Envelope
        do throws(Envelope.Fault) {
            envelope = try Envelope(message.bytes)
        } catch {
            return metrics.dropped(error == .unknownVersion ? .unknownVersion : .decode)
        }
        guard envelope.topic.hasBytes(of: message.topic) else { return metrics.dropped(.decode) }
        let wallTime = clock.unixMicroseconds()
        metrics.noteReceipt(wallTime)
        let isOwn = envelope.incarnation == identity.incarnation
        if envelope.kind == .probe {
            if isOwn { probeReturned(envelope.sequence, now) }
            return
        }
        metrics.observeTransit(from: envelope.publishTime, to: wallTime)
        if !isOwn { sink?.received(envelope, on: topic, at: now) }
    }

    private func receiveBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic) {
        switch topic.kind {
        case .broadcast, .topic, .unicast: break
        case .node, .nodes: return metrics.dropped(.bareRefused)
        }
        guard settings.acceptsBare else { return metrics.dropped(.bareRefused) }
        guard bytes.count <= settings.maxBareBytes else { return metrics.dropped(.tooLarge) }
        metrics.bare.increment()
        sink?.receivedBare(bytes, on: topic)
    }

    private func probeReturned(_ number: UInt64, _ now: UInt64) {
        let (action, roundTrip) = supervisor.probeReturned(number, now)
        if let roundTrip { metrics.probeRoundTrip.observe(roundTrip) }
        perform(action)
    }
}
