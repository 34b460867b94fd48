// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLog
import HubMetrics
import Synchronization

/// Counts, times and warns for any bus, so that no adapter can forget to.
///
/// A publication costs two clock readings, one counter and one histogram on top of the bus's own cost, and no allocation.
package final class InstrumentedBus: MessageBus {
    private let bus: any MessageBus
    private let meter: PublishMeter
    private let metrics: BusMetrics
    /// The receivers that have topics, by identity.
    private let receivers = Mutex<[ObjectIdentifier: Entry]>([:])

    private struct Entry {
        /// The receiver in the shape that counts; the same as long as it has a topic, so that the bus knows it again.
        let counting: CountingReceiver
        var topics: Set<String> = []
        /// Calls about it that have not returned yet.
        var pending = 0
    }

    /// Measures a bus.
    ///
    /// - Parameter metrics: The families, registered for this kind of bus.
    /// - Parameter logger: Where failed publications are warned of, at most once a second.
    /// - Parameter clock: Nanoseconds that never go back; for tests.
    package init(
        _ bus: any MessageBus,
        metrics: BusMetrics,
        logger: Logger,
        clock: @escaping @Sendable () -> UInt64 = LogTime.monotonic
    ) {
        self.bus = bus
        self.metrics = metrics
        meter = PublishMeter(metrics: metrics, logger: logger, clock: clock)
        let up = metrics.up
        metrics.registry.onScrape { [weak bus] in up.set(bus?.isUp == true ? Int64(1) : 0) }
    }

    package var kind: BusKind { bus.kind }

    package var isUp: Bool { bus.isUp }

    package func publish(
        _ bytes: [UInt8],
        to topic: String,
        within limit: Duration,
        _ completion: PublishCompletion
    ) {
        bus.publish(bytes, to: topic, within: limit, completion.measured(by: meter, since: meter.clock()))
    }

    package func subscribe(
        _ receiver: any BusReceiver,
        to topic: String,
        within limit: Duration
    ) async throws(BusError) {
        let counting = receivers.withLock { receivers in
            var entry = receivers[ObjectIdentifier(receiver)] ?? Entry(counting: CountingReceiver(receiver, metrics))
            entry.pending += 1
            receivers[ObjectIdentifier(receiver)] = entry
            return entry.counting
        }
        do throws(BusError) {
            try await bus.subscribe(counting, to: topic, within: limit)
            release(receiver, adding: topic)
        } catch {
            release(receiver)
            throw error
        }
    }

    package func unsubscribe(_ receiver: any BusReceiver, from topic: String) async throws(BusError) {
        let counting = receivers.withLock { receivers in
            receivers[ObjectIdentifier(receiver)]?.pending += 1
            return receivers[ObjectIdentifier(receiver)]?.counting
        }
        guard let counting else {
            // It has no topic at all; the bus still says whether it is open and the topic is one.
            return try await bus.unsubscribe(receiver, from: topic)
        }
        do throws(BusError) {
            try await bus.unsubscribe(counting, from: topic)
            release(receiver, removing: topic)
        } catch {
            release(receiver)
            throw error
        }
    }

    package func close() async {
        await bus.close()
        receivers.withLock { $0.removeAll() }
    }

    /// Notes what a call changed, and forgets a receiver without topics that no other call is about.
    private func release(_ receiver: any BusReceiver, adding: String? = nil, removing: String? = nil) {
        receivers.withLock { receivers in
            guard var entry = receivers[ObjectIdentifier(receiver)] else { return }
            entry.pending -= 1
            if let adding { entry.topics.insert(adding) }
            if let removing { entry.topics.remove(removing) }
            receivers[ObjectIdentifier(receiver)] = entry.pending <= 0 && entry.topics.isEmpty ? nil : entry
        }
    }

    /// How many receivers have topics or are about to; for tests of leaks.
    var receiverCount: Int { receivers.withLock { $0.count } }
}
