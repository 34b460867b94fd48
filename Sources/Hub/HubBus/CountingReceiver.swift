// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// Counts what comes from the bus on its way to a receiver.
final class CountingReceiver: BusReceiver {
    private let receiver: any BusReceiver
    private let metrics: BusMetrics

    init(_ receiver: any BusReceiver, _ metrics: BusMetrics) {
        self.receiver = receiver
        self.metrics = metrics
    }

    func receive(_ bytes: [UInt8], on topic: String) {
        metrics.received.increment()
        metrics.receivedBytes.increment(by: UInt64(bytes.count))
        receiver.receive(bytes, on: topic)
    }
}
