// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog

/// Tells an outage as one story: lost, retrying, back after so long; and of single failures, each kind once in a while.
struct OutageLog {
    private let logger: Logger
    private let bus: LogField
    private let publications: LogLimit
    private let refusals: LogLimit
    /// While the same trouble lasts, once in ten seconds.
    private let retries: LogLimit
    /// Of each reason once in ten seconds.
    private let drops: [InboundDropReason: LogLimit]

    init(_ logger: Logger, kind: BusKind, clock: BusClock) {
        self.logger = logger
        publications = LogLimit(clock: clock.monotonic)
        refusals = LogLimit(clock: clock.monotonic)
        retries = LogLimit(every: .seconds(10), clock: clock.monotonic)
        drops = Dictionary(
            uniqueKeysWithValues: InboundDropReason.allCases.map {
                ($0, LogLimit(every: .seconds(10), clock: clock.monotonic))
            }
        )
        bus = LogField("bus", kind.rawValue)
    }

    func publicationFailed(_ error: BusError) {
        logger.warning(
            limit: publications,
            "publishing on the message bus failed; local clients were served",
            [bus, LogField("code", error.code.description), LogField("reason", error.message)]
        )
    }

    func dropped(_ reason: InboundDropReason, on topic: () -> String, of origin: () -> String) {
        guard let limit = drops[reason] else { return }
        logger.warning(
            limit: limit,
            "a message from the bus was dropped",
            [bus, LogField("reason", reason.rawValue), LogField("topic", topic()), LogField("origin", origin())]
        )
    }

    func interestRefused(_ topic: BusTopic, _ reason: String) {
        logger.warning(
            limit: refusals,
            "the message bus refused a subscription; other nodes' messages to it do not arrive",
            [bus, LogField("topic", topic.name), LogField("reason", reason)]
        )
    }

    func down(_ fault: LinkFault, wasReady: Bool) {
        let fields = [bus, LogField("reason", fault.reason.rawValue), LogField("error", fault.message)]
        if wasReady {
            logger.warning("the message bus is lost; clients of other nodes are not reached until it is back", fields)
        } else {
            logger.warning(limit: retries, "the message bus cannot be reached; trying again", fields)
        }
    }

    func ready(outage: UInt64?, attempts: Int, interests: Int, way: String?) {
        var fields = [bus, LogField("subscriptions", interests), LogField("attempts", attempts)]
        if let way { fields.append(LogField("publications", way)) }
        guard let outage else { return logger.info("the message bus is ready", fields) }
        fields.append(LogField("after", Duration.nanoseconds(Int64(clamping: outage))))
        logger.info("the message bus is back; all subscriptions are restored", fields)
    }
}
