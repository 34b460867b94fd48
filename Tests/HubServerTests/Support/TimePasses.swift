// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting

/// Waits until a time-out of the server, of which nothing can be seen from outside, has certainly passed.
func timePasses(_ duration: Duration) async throws {
    let end = ContinuousClock.now + duration
    _ = try await eventually("\(duration)") { ContinuousClock.now >= end ? true : nil }
}
