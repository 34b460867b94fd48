// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The metrics that every bus has, labelled with the bus in use; only ``InstrumentedBus`` touches them.
package struct BusMetrics: Sendable {
    let registry: Registry
    let up: Gauge
    let published: Counter
    let failures: Family2<Counter, BusKind, PublishFailureReason>
    let duration: Histogram
    let received: Counter
    let receivedBytes: Counter
    let bus: BusKind

    /// Registers the families; once a registry.
    ///
    /// - Parameter mode: How the bus is run, where it has several ways; a word of a closed set.
    package init(registry: Registry, bus: BusKind, mode: String = "none") {
        self.registry = registry
        self.bus = bus
        registry.info(
            "gohub_bus_info",
            help: "The message bus in use, and how it is run.",
            labels: [("bus", bus.labelValue), ("mode", mode)],
            shown: .dashboard(.bus)
        )
        up =
            registry.gauge(
                "gohub_bus_up",
                help: "1 while the bus is connected as far as it knows, otherwise 0.",
                by: BusKind.self,
                shown: .dashboard(.bus)
            )[bus]
        published =
            registry.counter(
                "gohub_bus_published_total",
                help: "Publications that reached the guarantee of the bus.",
                by: BusKind.self,
                shown: .dashboard(.bus),
                hot: true
            )[bus]
        failures = registry.counter(
            "gohub_bus_publish_failures_total",
            help: "Publications that failed on the bus; local clients got them all the same.",
            by: BusKind.self,
            PublishFailureReason.self,
            shown: .dashboard(.bus)
        )
        duration =
            registry.histogram(
                "gohub_bus_publish_duration_seconds",
                help: "Time from publishing until the bus answered, also where the answer is a failure.",
                by: BusKind.self,
                buckets: .milliseconds,
                shown: .dashboard(.bus),
                hot: true
            )[bus]
        received =
            registry.counter(
                "gohub_bus_received_total",
                help:
                    "Messages that came from the bus, each counted for every receiver in the node that had its topic.",
                by: BusKind.self,
                shown: .dashboard(.bus)
            )[bus]
        receivedBytes =
            registry.counter(
                "gohub_bus_received_bytes_total",
                help: "Bytes of the messages that came from the bus, counted like them.",
                by: BusKind.self,
                shown: .dashboard(.bus)
            )[bus]
    }
}
