// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog

/// Tells of lost messages: once a second at most, with what was lost since, for each of a few nodes apart and for the others
/// together; at `debug` each gap by itself as well.
///
/// No more nodes than there may be are told of; what others lost is counted in the metrics alone.
struct GapLog {
    private struct Loss {
        let origin: String
        var messages: UInt64 = 0
        /// No more than a thousand are told apart.
        var topics: Set<BusTopic> = []
    }

    /// How many nodes are told of apart.
    static let apart = 16

    private let logger: Logger
    private var losses: [UInt64: Loss] = [:]
    private var next: UInt64 = 0

    init(_ logger: Logger) { self.logger = logger }

    /// When ``tell(_:)`` has something to say.
    var nextDeadline: UInt64 { losses.isEmpty ? .max : next }

    mutating func lost(_ messages: UInt64, of incarnation: UInt64, _ origin: String, on topic: BusTopic) {
        logger.debug(
            "a gap in what another node has sent",
            [LogField("origin", origin), LogField("messages", messages), LogField("topic", topic.name)]
        )
        guard losses.count < Membership.limit || losses[incarnation] != nil else { return }
        losses[incarnation, default: Loss(origin: origin)].messages &+= messages
        if losses[incarnation]?.topics.count ?? 0 < 1000 { losses[incarnation]?.topics.insert(topic) }
    }

    mutating func tell(_ now: UInt64) {
        guard now >= next, !losses.isEmpty else { return }
        next = now &+ 1_000_000_000
        for loss in losses.values.prefix(Self.apart) {
            logger.warning(
                "messages of another node were lost on the bus",
                [
                    LogField("origin", loss.origin), LogField("messages", loss.messages),
                    LogField("topics", loss.topics.count), LogField("topic", loss.topics.first?.name ?? ""),
                ]
            )
        }
        let others = losses.values.dropFirst(Self.apart)
        if !others.isEmpty {
            logger.warning(
                "messages of further nodes were lost on the bus",
                [
                    LogField("origins", others.count), LogField("messages", others.reduce(0) { $0 &+ $1.messages }),
                ]
            )
        }
        losses = [:]
    }
}
