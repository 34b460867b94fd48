// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The buses of this build, by the word that configuration, logs and metrics use.
package enum BusKind: String, CaseIterable, Sendable, MetricLabel {
    /// None: a single node.
    case noop
    /// Redis: Pub/Sub or streams, one server, sentinels or a cluster.
    case redis
    /// NATS: core, or JetStream.
    case nats

    package static var labelName: String { "bus" }
}
