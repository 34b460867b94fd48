// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The families of what a bridge adds to those of its bus.
package enum BridgeMetrics {
    /// How many nodes there are, as this one knows.
    package static func nodes(_ registry: Registry) -> Gauge {
        registry.gauge(
            "gohub_nodes",
            help: "Nodes on the message bus as far as this one knows, itself included.",
            shown: .dashboard(.overview)
        )
    }
}
