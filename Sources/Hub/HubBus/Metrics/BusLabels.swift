// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// Why a publication failed, as the metrics tell it.
enum PublishFailureReason: String, CaseIterable, MetricLabel {
    /// No answer in time; the message may have arrived.
    case timeout
    /// There was no working connection, or it broke.
    case disconnected
    /// The server, or the bus, does not take such a publication.
    case rejected
    case tooLarge = "too_large"
    /// The bus was closed before.
    case closed
    /// Anything else; the log says what.
    case other

    static let labelName = "reason"

    init(_ code: BusError.Code) {
        switch code {
        case .timeout: self = .timeout
        case .disconnected: self = .disconnected
        case .topicEmpty, .rejected: self = .rejected
        case .tooLarge: self = .tooLarge
        case .closed: self = .closed
        default: self = .other
        }
    }
}

/// Why a message from the bus went no further.
package enum InboundDropReason: String, CaseIterable, Sendable, MetricLabel {
    /// It could not be read.
    case decode
    /// A payload of more bytes than a client's message may have, or a node record of more than one may have.
    case tooLarge = "too_large"
    /// An envelope of a version that this node does not know.
    case unknownVersion = "unknown_version"
    /// A bare payload where none may be, or while none are taken.
    case bareRefused = "bare_refused"
    /// A bare payload for a client whose queue is full.
    case queueFull = "queue_full"

    package static let labelName = "reason"
}

/// What of the interests is meant.
enum InterestState: String, CaseIterable, MetricLabel {
    /// What the node wants.
    case desired
    /// What the server has confirmed.
    case confirmed

    static let labelName = "state"
}

/// Which end numbers messages.
package enum SequenceSide: String, CaseIterable, Sendable, MetricLabel {
    case sent, received

    package static let labelName = "side"
}
