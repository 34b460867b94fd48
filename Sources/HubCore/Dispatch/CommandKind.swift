// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

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
}
