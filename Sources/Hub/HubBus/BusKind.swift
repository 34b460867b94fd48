// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// The buses of this build, by the word that configuration, logs and metrics use.
package enum BusKind: String, CaseIterable, Sendable, MetricLabel {
    /// None: a single node.
    case noop

    package static var labelName: String { "bus" }
}

/// Why a publication failed, as the metrics tell it.
package enum PublishFailureReason: String, CaseIterable, Sendable, MetricLabel {
    /// No answer in time; the message may have arrived.
    case timeout
    /// The bus does not take such a publication, for example one without a topic.
    case rejected
    /// The bus was closed before.
    case closed
    /// Anything else; the log says what.
    case other

    package static var labelName: String { "reason" }

    init(_ code: BusError.Code) {
        switch code {
        case .timeout: self = .timeout
        case .topicEmpty: self = .rejected
        case .closed: self = .closed
        default: self = .other
        }
    }
}
