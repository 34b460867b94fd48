// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The values of `message_type` that the protocol knows, of both directions.
package enum MessageType: String, CaseIterable, Sendable {
    // What clients send.
    case ping, subscribe, unsubscribe, publish, broadcast, unicast
    // What the hub sends.
    case welcome, draining, pong, subscribed, unsubscribed, published, message, error

    /// Looks a string token up.
    ///
    /// - Complexity: One or two comparisons. Allocates nothing, unless there are escapes in the token.
    package init?(_ token: JSONString) {
        guard !token.isEscaped else {
            guard let match = Self.allCases.first(where: { token == $0.name }) else { return nil }
            self = match
            return
        }
        let candidates: (MessageType, MessageType)
        switch token.raw.count {
        case 4: candidates = (.ping, .pong)
        case 5: candidates = (.error, .error)
        case 7:
            candidates =
                switch token.raw[0] {
                case UInt8(ascii: "p"): (.publish, .publish)
                case UInt8(ascii: "u"): (.unicast, .unicast)
                default: (.message, .welcome)
                }
        case 8: candidates = (.draining, .draining)
        case 9:
            candidates = token.raw[0] == UInt8(ascii: "s") ? (.subscribe, .subscribe) : (.published, .broadcast)
        case 10: candidates = (.subscribed, .subscribed)
        case 11: candidates = (.unsubscribe, .unsubscribe)
        case 12: candidates = (.unsubscribed, .unsubscribed)
        default: return nil
        }
        if token == candidates.0.name {
            self = candidates.0
        } else if token == candidates.1.name {
            self = candidates.1
        } else {
            return nil
        }
    }

    /// The raw value without the cost of a `String`.
    var name: StaticString {
        switch self {
        case .ping: "ping"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .publish: "publish"
        case .broadcast: "broadcast"
        case .unicast: "unicast"
        case .welcome: "welcome"
        case .draining: "draining"
        case .pong: "pong"
        case .subscribed: "subscribed"
        case .unsubscribed: "unsubscribed"
        case .published: "published"
        case .message: "message"
        case .error: "error"
        }
    }
}
