// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubMetrics

/// Notes the answers to publications: counts, durations, and a warning a second for those that failed.
final class PublishMeter: Sendable {
    /// Nanoseconds that never go back.
    let clock: @Sendable () -> UInt64
    private let metrics: BusMetrics
    private let logger: Logger
    private let limit = LogLimit()

    init(metrics: BusMetrics, logger: Logger, clock: @escaping @Sendable () -> UInt64) {
        self.metrics = metrics
        self.logger = logger
        self.clock = clock
    }

    /// Notes one answer.
    func answered(_ error: BusError?, since start: UInt64) {
        let now = clock()
        metrics.duration.observe(now > start ? now - start : 0)
        guard let error else { return metrics.published.increment() }
        metrics.failures[metrics.bus, PublishFailureReason(error.code)].increment()
        logger.warning(
            limit: limit,
            "publishing on the message bus failed; local clients were served",
            [
                LogField("bus", metrics.bus.rawValue), LogField("code", error.code.description),
                LogField("reason", error.message),
            ]
        )
    }
}
