// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why the hub could not do what it was asked.
package struct HubError: Error, Sendable, Equatable {
    /// The closed set of reasons; fit for a metric label.
    package enum Code: String, Sendable, CaseIterable {
        case clientNotFound = "client_not_found"
        case sendBufferFull = "send_buffer_full"
        case busUnavailable = "bus_unavailable"
        case connectionClosed = "connection_closed"
        case badTopic = "bad_topic"
        case tooManySubscriptions = "too_many_subscriptions"
        case tooManyTopics = "too_many_topics"
    }

    /// What went wrong, for programs.
    package let code: Code
    /// What went wrong, for the log.
    package let message: String

    package static let clientNotFound = HubError(code: .clientNotFound, message: "no client has this id")
    package static let sendBufferFull = HubError(code: .sendBufferFull, message: "the client's outbound queue is full")
    package static let busUnavailable = HubError(
        code: .busUnavailable,
        message: "the node of this client cannot be reached now; the message may still arrive"
    )
    package static let connectionClosed = HubError(
        code: .connectionClosed,
        message: "the connection ended before the message was written"
    )
}
