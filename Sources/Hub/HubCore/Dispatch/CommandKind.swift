// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
package import HubWire

/// What a client asked for, as a label: a closed set, whatever clients send.
package enum CommandKind: UInt8, MetricLabel {
    case ping, subscribe, unsubscribe, publish, broadcast, unicast
    /// A binary frame: a publish of bytes.
    case binary
    /// A message of a handler that is not built in.
    case other
    /// A message that could not be read, or whose type nobody handles.
    case invalid

    package static let labelName = "command"
    package var labelValue: String {
        switch self {
        case .ping: "ping"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .publish: "publish"
        case .broadcast: "broadcast"
        case .unicast: "unicast"
        case .binary: "binary"
        case .other: "other"
        case .invalid: "invalid"
        }
    }

    /// The error codes that such a message can be answered with, as long as handlers are those of the protocol.
    package var codes: [ErrorCode] {
        switch self {
        case .other: []
        case .ping: [.tooLarge]
        case .subscribe: [.badMessage, .badTopic, .tooMany, .nodeFull, .internal]
        case .unsubscribe, .binary: [.badMessage, .badTopic]
        case .publish: [.badMessage, .badTopic, .tooLarge, .busUnavailable, .internal]
        case .broadcast: [.badMessage, .tooLarge, .busUnavailable, .internal]
        case .unicast: [.badMessage, .tooLarge, .clientNotFound, .sendBufferFull, .busUnavailable, .internal]
        case .invalid: [.badMessage, .unknownType]
        }
    }

    /// Whether clients of the protocol as it is can send such a message; others take a handler of the program's own.
    var isBuiltIn: Bool { self != .other }
}
