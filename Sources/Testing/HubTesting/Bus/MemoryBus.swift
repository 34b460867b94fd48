// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import Synchronization

/// What buses of one process have in common: the server that a real bus would have.
package final class MemoryExchange: Sendable {
    fileprivate struct Subscription {
        weak var bus: MemoryBus?
        let receiver: any BusReceiver
    }

    fileprivate let topics = Mutex<[String: [Subscription]]>([:])

    /// Makes one without subscribers.
    package init() {}

    /// How many receivers have the topic; for tests of leaks.
    package func receiverCount(of topic: String) -> Int { topics.withLock { $0[topic]?.count ?? 0 } }
}

/// A bus inside the process, for tests: nodes that share a ``MemoryExchange`` get each other's messages.
///
/// A message is delivered on the publisher's thread before `publish` returns, also to the publishing node itself. Failures
/// come from ``fail(with:)`` and ``hold()``.
package final class MemoryBus: MessageBus {
    private struct State {
        var isClosed = false
        var isHolding = false
        var failure: BusError?
        var held: [PublishCompletion] = []
    }

    private let exchange: MemoryExchange
    private let state = Mutex(State())

    /// Joins an exchange.
    package init(_ exchange: MemoryExchange = MemoryExchange()) { self.exchange = exchange }

    package var kind: BusKind { .noop }

    package var isUp: Bool { state.withLock { !$0.isClosed && $0.failure == nil } }

    /// Lets every call but ``close()`` fail from now on; nil lets them succeed again.
    package func fail(with error: BusError?) { state.withLock { $0.failure = error } }

    /// Leaves publications without an answer, undelivered, until ``release(_:)`` or ``close()``.
    package func hold() { state.withLock { $0.isHolding = true } }

    /// Answers the publications that were held.
    package func release(_ error: BusError?) {
        let held = state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        for completion in held { completion(error) }
    }

    package func publish(
        _ bytes: [UInt8],
        to topic: String,
        within limit: Duration,
        _ completion: PublishCompletion
    ) {
        if let error = refusal(of: topic) { return completion(error) }
        let isHeld = state.withLock { state in
            if state.isHolding { state.held.append(completion) }
            return state.isHolding
        }
        if isHeld { return }
        for subscription in exchange.topics.withLock({ $0[topic] ?? [] }) {
            subscription.receiver.receive(bytes, on: topic)
        }
        completion(nil)
    }

    package func subscribe(
        _ receiver: any BusReceiver,
        to topic: String,
        within limit: Duration
    ) async throws(BusError) {
        if let error = refusal(of: topic) { throw error }
        exchange.topics.withLock { topics in
            if topics[topic]?.contains(where: { $0.bus === self && $0.receiver === receiver }) == true { return }
            topics[topic, default: []].append(MemoryExchange.Subscription(bus: self, receiver: receiver))
        }
    }

    package func unsubscribe(_ receiver: any BusReceiver, from topic: String) async throws(BusError) {
        if let error = refusal(of: topic) { throw error }
        exchange.topics.withLock { topics in
            topics[topic]?.removeAll { $0.bus === self && $0.receiver === receiver }
            if topics[topic]?.isEmpty == true { topics[topic] = nil }
        }
    }

    package func close() async {
        state.withLock { $0.isClosed = true }
        exchange.topics.withLock { topics in
            for topic in topics.keys { topics[topic]?.removeAll { $0.bus === self } }
            topics = topics.filter { !$0.value.isEmpty }
        }
        release(.closed)
    }

    private func refusal(of topic: String) -> BusError? {
        state.withLock { state in
            if state.isClosed { return .closed }
            return topic.isEmpty ? .topicEmpty : state.failure
        }
    }
}
