// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

/// The bus of a node that stands alone: publishing succeeds and goes nowhere, a subscription yields nothing and does not end.
package final class NoopBus: MessageBus {
    private let isClosed = Atomic(false)

    /// Opens it.
    package init() {}

    package var kind: BusKind { .noop }

    package var isUp: Bool { !isClosed.load(ordering: .acquiring) }

    package func publish(
        _ bytes: [UInt8],
        to topic: String,
        within limit: Duration,
        _ completion: PublishCompletion
    ) {
        completion(refusal(of: topic))
    }

    package func subscribe(
        _ receiver: any BusReceiver,
        to topic: String,
        within limit: Duration
    ) async throws(BusError) {
        if let error = refusal(of: topic) { throw error }
    }

    package func unsubscribe(_ receiver: any BusReceiver, from topic: String) async throws(BusError) {
        if let error = refusal(of: topic) { throw error }
    }

    package func close() async { isClosed.store(true, ordering: .releasing) }

    private func refusal(of topic: String) -> BusError? {
        if !isUp { return .closed }
        return topic.isEmpty ? .topicEmpty : nil
    }
}
