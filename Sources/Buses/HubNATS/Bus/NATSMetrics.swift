// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
package import HubMetrics

/// What only NATS has; families of a node whose bus it is.
package struct NATSMetrics: Sendable {
    let slowConsumer: Counter
    let lameDuck: Counter
    let ackPending: Gauge
    let ackErrors: Counter
    let ackPendingLimit: Gauge
    let pending: Gauge
    let redelivered: Counter
    let maxDeliveries: Counter
    let streamDifferences: Gauge

    /// Registers the families; once a registry.
    package init(_ registry: Registry, fixed: FixedBusMetrics) {
        ackPending = fixed.natsAckPending
        ackErrors = fixed.natsAckErrors
        let shown = Shown.dashboard(.bus)
        slowConsumer = registry.counter(
            "gohub_bus_nats_slow_consumer_total",
            help: "Times that messages of NATS were dropped, as this node did not take them fast enough.",
            shown: shown
        )
        lameDuck = registry.counter(
            "gohub_bus_nats_lame_duck_total",
            help: "Times that the server told that it is about to end.",
            shown: shown
        )
        ackPendingLimit = registry.gauge(
            "gohub_bus_nats_ack_pending_limit",
            help:
                "How many messages JetStream delivers to this node before it waits for acknowledgements; 0 without JetStream.",
            shown: shown
        )
        pending = registry.gauge(
            "gohub_bus_nats_num_pending",
            help: "Messages of the stream that JetStream has still to deliver to this node.",
            shown: shown
        )
        redelivered = registry.counter(
            "gohub_bus_nats_redelivered_total",
            help: "Messages that JetStream delivered again, as they were not acknowledged in time.",
            shown: shown
        )
        maxDeliveries = registry.counter(
            "gohub_bus_nats_max_deliveries_total",
            help: "Messages that JetStream gave up, as they were not acknowledged however often it delivered them.",
            shown: shown
        )
        streamDifferences = registry.gauge(
            "gohub_bus_nats_stream_differences",
            help: "Options of the stream that are not as this node's configuration has them.",
            shown: shown
        )
    }

    /// Nothing is known of a stream and its consumer any more.
    func forgetStream() {
        for gauge in [ackPending, ackPendingLimit, pending, streamDifferences] { gauge.set(0) }
    }
}
