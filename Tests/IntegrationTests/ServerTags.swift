// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

extension Tag {
    /// Needs a NATS server.
    @Tag static var nats: Self

    /// Needs a Prometheus and its promtool.
    @Tag static var prometheus: Self

    /// Needs a Redis.
    @Tag static var redis: Self
}
