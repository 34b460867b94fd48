// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// The families of the canary: messages that a node sends to itself, to see whether its clients' arrive.
///
/// They count nowhere else.
package struct CanaryMetrics: Sendable {
    /// Between two canaries of one path, nanoseconds.
    package static let interval: UInt64 = 5_000_000_000
    /// How long a canary may take, nanoseconds; one that takes longer has failed.
    package static let patience: UInt64 = 1_000_000_000

    private let results: Family2<Counter, CanaryPath, CanaryResult>
    private let latencies: Family<Histogram, CanaryPath>

    /// Registers the families; once a registry.
    ///
    /// - Parameter hasBus: Whether there is a path through a bus.
    package init(_ registry: Registry, hasBus: Bool) {
        let overview = Shown.dashboard(.overview)
        results = registry.counter(
            "gohub_canary_total",
            help: """
                Messages that the node sent to itself, one a path in 5 s. local: through the inboxes of all loops; bus: through \
                the message bus. ok: it came within a second; timeout: it did not; refused: the bus did not take it.
                """,
            by: CanaryPath.self,
            CanaryResult.self,
            where: { path, result in path == .bus ? hasBus : result != .refused },
            shown: overview
        )
        latencies = registry.histogram(
            "gohub_canary_latency_seconds",
            help: "Time that a message of the node to itself took, of those that came in time.",
            by: CanaryPath.self,
            where: { $0 == .local || hasBus },
            buckets: .custom(seconds: [5e-4, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]),
            shown: overview
        )
    }

    /// Counts a canary that came back: in time or too late.
    ///
    /// - Parameter nanoseconds: How long it took.
    package func arrived(_ path: CanaryPath, after nanoseconds: UInt64) {
        guard nanoseconds <= Self.patience else { return failed(path, .timeout) }
        results[path, .ok].increment()
        latencies[path].observe(nanoseconds)
    }

    /// Counts a canary that did not come.
    package func failed(_ path: CanaryPath, _ result: CanaryResult) { results[path, result].increment() }
}

/// Which way a canary goes.
package enum CanaryPath: String, MetricLabel {
    case local, bus

    package static let labelName = "path"
}

/// What became of a canary.
package enum CanaryResult: String, MetricLabel {
    case ok, timeout, refused

    package static let labelName = "result"
}
