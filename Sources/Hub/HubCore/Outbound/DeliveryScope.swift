// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// To whom a delivery was addressed.
package enum DeliveryScope: UInt8, MetricLabel {
    /// Every client of every node.
    case broadcast
    /// The subscribers of a topic.
    case topic
    /// One client.
    case client
    /// The client that is answered: `welcome`, `pong`, `published`, `error` and so on.
    case reply

    package static let labelName = "scope"
    package var labelValue: String {
        switch self {
        case .broadcast: "broadcast"
        case .topic: "topic"
        case .client: "client"
        case .reply: "reply"
        }
    }
}

/// Why an enqueued delivery never reached its socket.
package enum DropReason: UInt8, MetricLabel {
    /// The client's queue held its limit of messages.
    case queueMessages
    /// The client's queue held its limit of bytes.
    case queueBytes
    /// The connection ended while the delivery waited.
    case closed
    /// The socket refused the write.
    case writeError

    package static let labelName = "reason"
    package var labelValue: String {
        switch self {
        case .queueMessages: "queue_messages"
        case .queueBytes: "queue_bytes"
        case .closed: "closed"
        case .writeError: "write_error"
        }
    }
}
