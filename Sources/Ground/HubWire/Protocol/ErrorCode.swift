// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What an `error` message says went wrong: the closed set of the client protocol, also fit for a metric label.
package enum ErrorCode: String, CaseIterable, Sendable {
    /// Not JSON, not a message, or a field that is missing, double or of the wrong type.
    case badMessage = "bad_message"
    /// No handler for this `message_type`.
    case unknownType = "unknown_type"
    /// Not a topic name, or a reserved one where it may not stand.
    case badTopic = "bad_topic"
    /// More bytes than the hub takes.
    case tooLarge = "too_large"
    /// No client with this id on any node.
    case clientNotFound = "client_not_found"
    /// The receiver's outbound queue is full.
    case sendBufferFull = "send_buffer_full"
    /// The client, or its address, has as many subscriptions as it may.
    case tooMany = "too_many"
    /// The node holds as many topics as it may.
    case nodeFull = "node_full"
    /// The sender may not do this.
    case notAllowed = "not_allowed"
    /// Too many requests in too short a time.
    case rateLimited = "rate_limited"
    /// Clients of this node were served, those of other nodes were not.
    case busUnavailable = "bus_unavailable"
    /// A fault of the hub.
    case `internal` = "internal"
}
