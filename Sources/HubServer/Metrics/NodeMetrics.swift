// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The families of the node itself: its state, its checks, its loops, a drain.
struct NodeMetrics: Sendable {
    private let state: Family<Gauge, NodeState>
    private let checks: Family<Gauge, HealthCheck>
    private let lag: Histogram
    private let busy: Counter
    private let loops: Gauge
    private let ticks: Counter
    private let overruns: Counter
    private let stale: Counter
    private let drainRemaining: Gauge
    private let drainDeadline: Gauge

    init(_ registry: Registry) {
        let overview = Shown.dashboard(.overview)
        let node = Shown.dashboard(.clientsAndNode)
        state = registry.gauge(
            "gohub_state",
            help: "1 for the state that the node is in.",
            by: NodeState.self,
            shown: overview
        )
        checks = registry.gauge(
            "gohub_health_check",
            help: "1 for each check that passes.",
            by: HealthCheck.self,
            shown: overview
        )
        lag = registry.histogram(
            "gohub_event_loop_tick_seconds",
            help: "How long a loop was away from its sockets in one tick.",
            buckets: .milliseconds,
            shown: overview
        )
        busy = registry.secondsCounter(
            "gohub_event_loop_busy_seconds_total",
            help: "Time that loops spent working, all loops together; divide its rate by gohub_event_loops.",
            shown: node
        )
        loops = registry.gauge("gohub_event_loops", help: "How many loops the node runs.", shown: node)
        ticks = registry.counter("gohub_event_loop_ticks_total", help: "Ticks of all loops.", shown: .diagnostic)
        overruns = registry.counter(
            "gohub_event_loop_overruns_total",
            help: "Parts of ticks that used up their slice of time, so that the rest waited for the next tick.",
            shown: node
        )
        stale = registry.counter(
            "gohub_metrics_stale_snapshots_total",
            help: "Scrapes for which a loop did not answer in time, so that its last values were shown again.",
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
    }

    func publish(_ snapshot: WorkerSnapshot, loops count: Int, stale staleCount: UInt64) {
        lag.publish(snapshot.lag)
        busy.publish(snapshot.busyNanoseconds)
        ticks.publish(snapshot.ticks)
        overruns.publish(snapshot.overruns)
        loops.set(count)
        stale.publish(staleCount)
    }

    func publish(_ current: NodeState, drainRemaining remaining: Int, deadline: Double) {
        for state in NodeState.allCases { self.state[state].set(state == current) }
        drainRemaining.set(remaining)
        drainDeadline.set(deadline)
    }

    func publish(_ check: HealthCheck, passes: Bool) { checks[check].set(passes) }
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
