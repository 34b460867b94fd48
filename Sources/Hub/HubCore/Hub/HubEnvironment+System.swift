// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

extension HubEnvironment {
    /// The system's clocks.
    package static let system = HubEnvironment(
        monotonicNanoseconds: { WallClock.monotonicNanoseconds() },
        unixMilliseconds: { WallClock.unixMilliseconds() }
    )
}
