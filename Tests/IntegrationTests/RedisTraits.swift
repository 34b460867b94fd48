// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

extension Tag {
    /// Needs a Redis.
    @Tag static var redis: Self
}

extension Trait where Self == ConditionTrait {
    /// Skips with a reason where Redis is not installed; with `GOHUB_REQUIRE_SERVERS=1` the test runs and fails.
    static var needsRedis: Self {
        .enabled(
            if: ChildProcess.serversAreRequired || RedisServer.isInstalled,
            "redis-server is not in PATH (on Debian: apt-get install redis-server)"
        )
    }
}
