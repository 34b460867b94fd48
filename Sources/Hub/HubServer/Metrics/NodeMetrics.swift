// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubMetrics

/// The families of the node itself: its name, its state, its checks, its limits, a drain.
struct NodeMetrics: Sendable {
    private let state: Family<Gauge, NodeState>
    private let checks: Family<Gauge, HealthCheck>
    private let stale: Counter
    private let drainRemaining: Gauge
    private let drainDeadline: Gauge

    init(_ registry: Registry, settings: ServerSettings, hub: HubSettings) {
        let overview = Shown.dashboard(.overview)
        let node = Shown.dashboard(.clientsAndNode)
        state = registry.gauge(
            "gohub_state",
            help: "1 for the state that the node is in.",
            by: NodeState.self,
            where: { $0 != .starting },
            shown: overview
        )
        checks = registry.gauge(
            "gohub_health_check",
            help: "1 for each check that passes.",
            by: HealthCheck.self,
            shown: overview
        )
        stale = registry.counter(
            "gohub_metrics_stale_snapshots_total",
            help: """
                Scrapes for which a loop, or several, did not answer in time, so that their last values were shown again.
                """,
            shown: node
        )
        drainRemaining = registry.gauge(
            "gohub_drain_remaining_connections",
            help: "WebSockets that a drain still has to close.",
            shown: node
        )
        drainDeadline = registry.gauge(
            "gohub_drain_deadline_timestamp_seconds",
            help: "When the drain in progress ends what is left; 0 without a drain.",
            shown: node
        )
        NodeMetrics.registerSettings(registry, settings, hub)
    }

    /// What does not change while the node runs.
    private static func registerSettings(_ registry: Registry, _ settings: ServerSettings, _ hub: HubSettings) {
        let node = Shown.dashboard(.clientsAndNode)
        registry.info(
            "gohub_node_info",
            help: "The node's name, as clients are told it.",
            labels: [("node", hub.nodeID)],
            shown: node
        )
        registry.info(
            "gohub_slow_client_policy_info",
            help: "What fan-out does with a message for a client whose queue is full.",
            labels: [("policy", hub.slowClientPolicy.rawValue)],
            shown: .dashboard(.delivery)
        )
        let limits = registry.gauge(
            "gohub_limit",
            help: "The limits in force, by their key of the configuration and in its unit; 0 is no limit.",
            by: Limit.self,
            shown: node
        )
        for limit in Limit.allCases { limits[limit].set(limit.value(settings, hub)) }
    }

    func publish(stale count: UInt64) { stale.publish(count) }

    func publish(_ current: NodeState, drainRemaining remaining: Int, deadline: Double) {
        for state in NodeState.allCases { self.state[state].set(state == current) }
        drainRemaining.set(remaining)
        drainDeadline.set(deadline)
    }

    func publish(_ check: HealthCheck, passes: Bool) { checks[check].set(passes) }
}

/// The limits that bound what clients can make grow.
enum Limit: String, MetricLabel {
    case maxConnections = "server.max_connections"
    case maxConnectionsPerIP = "server.max_connections_per_ip"
    case maxConcurrentScrapes = "server.max_concurrent_scrapes"
    case bodyBufferBytes = "server.body_buffer_bytes"
    case maxMessageBytes = "hub.max_message_bytes"
    case messageBufferCap = "hub.message_buffer_cap"
    case messageBufferBytes = "hub.message_buffer_bytes"
    case maxSubscriptionsPerClient = "hub.max_subscriptions_per_client"
    case maxSubscriptionsPerIP = "hub.max_subscriptions_per_ip"
    case maxTopics = "hub.max_topics"

    static let labelName = "limit"

    func value(_ server: ServerSettings, _ hub: HubSettings) -> Int {
        switch self {
        case .maxConnections: server.maxConnections
        case .maxConnectionsPerIP: server.maxConnectionsPerIP
        case .maxConcurrentScrapes: server.maxConcurrentScrapes
        case .bodyBufferBytes: server.bodyBufferBytes
        case .maxMessageBytes: server.maxMessageBytes
        case .messageBufferCap: hub.queue.messages
        case .messageBufferBytes: hub.queue.bytes
        case .maxSubscriptionsPerClient: hub.maxSubscriptionsPerClient
        case .maxSubscriptionsPerIP: server.maxSubscriptionsPerIP
        case .maxTopics: hub.maxTopics
        }
    }
}

/// What the node is doing.
package enum NodeState: String, MetricLabel {
    case starting, ready, draining

    package static let labelName = "state"
}

/// The checks of the node's health.
package enum HealthCheck: String, MetricLabel {
    /// Every loop answers.
    case live
    /// Clients may connect and messages flow.
    case ready
    /// The bus carries messages.
    case bus

    package static let labelName = "check"
}
