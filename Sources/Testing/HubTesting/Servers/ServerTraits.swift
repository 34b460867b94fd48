// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import Testing

extension Trait where Self == ConditionTrait {
    /// Skips with a reason where Redis is not installed; with `GOHUB_TEST_REQUIRE_SERVERS=1` the test runs and fails.
    package static var needsRedis: Self {
        needs(RedisServer.isInstalled, "redis-server is not in PATH (on Debian: apt-get install redis-server)")
    }

    /// Skips with a reason where NATS is not installed; with `GOHUB_TEST_REQUIRE_SERVERS=1` the test runs and fails.
    package static var needsNATS: Self {
        needs(
            NATSServer.isInstalled,
            "nats-server is neither in PATH nor in /usr/sbin (on Debian: apt-get install nats-server)"
        )
    }

    /// Skips with a reason where Prometheus is not installed; with `GOHUB_TEST_REQUIRE_SERVERS=1` the test runs and fails.
    package static var needsPrometheus: Self {
        needs(
            PrometheusServer.isInstalled,
            "prometheus and promtool are not in PATH (on Debian: apt-get install prometheus)"
        )
    }

    private static func needs(_ isInstalled: Bool, _ reason: Comment) -> Self {
        .enabled(if: ChildProcess.serversAreRequired || isInstalled, reason)
    }
}
