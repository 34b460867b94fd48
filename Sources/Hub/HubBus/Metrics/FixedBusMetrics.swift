// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The families whose names users' dashboards know: without labels, and at 0 while another bus is in use, or none.
package struct FixedBusMetrics: Sendable {
    let redisPublishErrors: Counter
    let redisSubscribeErrors: Counter
    let redisReconnects: Counter
    let redisLatency: Histogram

    /// Registers the families; once a registry.
    package init(_ registry: Registry) {
        let shown = Shown.dashboard(.bus)
        redisPublishErrors = registry.counter(
            "gohub_bus_redis_publish_errors_total",
            help: "Publications on Redis that failed, those without an answer in time included.",
            shown: shown
        )
        redisSubscribeErrors = registry.counter(
            "gohub_bus_redis_subscribe_errors_total",
            help: "Subscriptions that Redis refused.",
            shown: shown
        )
        redisReconnects = registry.counter(
            "gohub_bus_redis_reconnects_total",
            help: "Times that the connection to Redis was ready again after it had been lost.",
            shown: shown
        )
        redisLatency = registry.histogram(
            "gohub_bus_redis_latency_seconds",
            help: "Time from publishing on Redis until the message came here, the node's own copies included.",
            buckets: .milliseconds,
            shown: shown
        )
        for (name, help) in [
            ("reconnects", "Times that the connection to NATS was back after it had been lost."),
            ("publish_errors", "Publications on NATS that failed."),
            ("subscribe_errors", "Subscriptions that NATS refused."),
            ("ack_errors", "Acknowledgements that NATS did not take."),
        ] {
            _ = registry.counter("gohub_bus_nats_\(name)_total", help: help, shown: shown)
        }
        _ = registry.gauge(
            "gohub_bus_nats_ack_pending",
            help: "Messages that NATS delivered to this node and that are not acknowledged; 0 without JetStream.",
            shown: shown
        )
        for (name, help) in [
            ("publish", "Time until NATS had taken a publication."),
            ("subscribe", "Time from publishing on NATS until the message came here."),
        ] {
            _ = registry.histogram(
                "gohub_bus_nats_\(name)_latency_seconds",
                help: help,
                // Nothing is observed while this build has no NATS: the name is what dashboards know.
                buckets: .custom(seconds: [1]),
                shown: shown
            )
        }
    }
}
