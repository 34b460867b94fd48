// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The families whose names users' dashboards know: without labels, and at 0 while another bus is in use, or none.
package struct FixedBusMetrics: Sendable {
    /// Those that tell of one kind of bus what the labelled families tell of any.
    struct Own: Sendable {
        let publishErrors: Counter
        let subscribeErrors: Counter
        let reconnects: Counter
        /// Nil where no name is known for it.
        let publishDuration: Histogram?
        let transit: Histogram
    }

    /// What labelled families have in finer steps: a page of many loops has room for a thousand series.
    private static let coarse = Buckets.custom(seconds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5])

    private let redis: Own
    private let nats: Own
    /// Acknowledgements of JetStream that failed, and messages that wait for one.
    package let natsAckErrors: Counter
    package let natsAckPending: Gauge

    /// Registers the families; once a registry.
    ///
    /// - Parameter bus: The kind in use, whose histograms have all their buckets; those of others, which stay empty, have one, as a
    ///   page of many loops has room for no more. Nil where all kinds are shown.
    package init(_ registry: Registry, bus: BusKind? = nil) {
        let families = FixedFamilies(registry: registry)
        redis = Own(
            publishErrors: families.counter(
                "redis_publish_errors_total",
                "Publications on Redis that failed, those without an answer in time included."
            ),
            subscribeErrors: families.counter("redis_subscribe_errors_total", "Subscriptions that Redis refused."),
            reconnects: families.counter(
                "redis_reconnects_total",
                "Times that the connection to Redis was ready again after it had been lost."
            ),
            publishDuration: nil,
            transit: families.histogram(
                "redis_latency_seconds",
                "Time from publishing on Redis until the message came here, the node's own copies included.",
                .milliseconds,
                isUsed: bus == nil || bus == .redis
            )
        )
        nats = Own(
            publishErrors: families.counter(
                "nats_publish_errors_total",
                "Publications on NATS that failed, those without an answer in time included."
            ),
            subscribeErrors: families.counter("nats_subscribe_errors_total", "Subscriptions that NATS refused."),
            reconnects: families.counter(
                "nats_reconnects_total",
                "Times that the connection to NATS was ready again after it had been lost."
            ),
            publishDuration: families.histogram(
                "nats_publish_latency_seconds",
                "Time from publishing on NATS until the server had the message, with JetStream until it was stored.",
                Self.coarse,
                isUsed: bus == nil || bus == .nats
            ),
            transit: families.histogram(
                "nats_subscribe_latency_seconds",
                "Time from publishing on NATS until the message came here, the node's own copies included.",
                Self.coarse,
                isUsed: bus == nil || bus == .nats
            )
        )
        natsAckErrors = families.counter(
            "nats_ack_errors_total",
            "Acknowledgements that JetStream did not confirm in time."
        )
        natsAckPending = families.gauge(
            "nats_ack_pending",
            "Messages that JetStream has delivered to this node and that it has not acknowledged; 0 without JetStream."
        )
    }

    /// Those of a kind of bus; nil where none are known.
    func own(_ bus: BusKind) -> Own? {
        switch bus {
        case .noop: nil
        case .redis: redis
        case .nats: nats
        }
    }
}

/// Registers families without labels whose names begin alike.
private struct FixedFamilies {
    let registry: Registry

    private let shown = Shown.dashboard(.bus)

    init(registry: Registry) { self.registry = registry }

    func counter(_ name: String, _ help: String) -> Counter {
        registry.counter("gohub_bus_" + name, help: help, shown: shown)
    }

    func gauge(_ name: String, _ help: String) -> Gauge {
        registry.gauge("gohub_bus_" + name, help: help, shown: shown)
    }

    func histogram(_ name: String, _ help: String, _ buckets: Buckets, isUsed: Bool) -> Histogram {
        let buckets: Buckets = isUsed ? buckets : .custom(seconds: [1])
        return registry.histogram("gohub_bus_" + name, help: help, buckets: buckets, shown: shown)
    }
}
