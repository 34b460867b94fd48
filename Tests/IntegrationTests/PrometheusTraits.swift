// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

extension Tag {
    /// Needs a Prometheus and its promtool.
    @Tag static var prometheus: Self
}

extension Trait where Self == ConditionTrait {
    /// Skips with a reason where Prometheus is not installed; with `GOHUB_REQUIRE_SERVERS=1` the test runs and fails.
    static var needsPrometheus: Self {
        .enabled(
            if: ChildProcess.serversAreRequired || PrometheusServer.isInstalled,
            "prometheus and promtool are not in PATH (on Debian: apt-get install prometheus)"
        )
    }
}
