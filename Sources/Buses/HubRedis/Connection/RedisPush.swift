// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a subscriber's connection gets unasked, or as a confirmation; lent for the time of a call.
package struct RedisPush: ~Escapable {
    /// What a push can be.
    package enum Kind: Sendable {
        /// A message to a channel, to a channel that a pattern matched, to a channel of a shard.
        case message, patternMessage, shardMessage
        /// The connection is subscribed from now on.
        case subscribed, patternSubscribed, shardSubscribed
        /// The connection is not subscribed any more; for a channel of a shard also when the shard has moved away.
        case unsubscribed, patternUnsubscribed, shardUnsubscribed
    }

    /// What it is.
    package let kind: Kind
    private let reply: RESPReply

    /// Reads a reply; nil if it is none of those that come to subscribers.
    @_lifetime(copy reply)
    init?(_ reply: RESPReply) {
        guard reply.kind == .array, let word = reply[0], let kind = Self.kind(word),
            reply.count == (kind == .patternMessage ? 4 : 3)
        else { return nil }
        for index in 1..<reply.count {
            guard let value = reply[index] else { return nil }
            let isLast = index == reply.count - 1
            switch value.kind {
            case .bulk: if isLast, !kind.isMessage { return nil }
            case .integer: if !isLast || kind.isMessage { return nil }
            // Who is subscribed to nothing and unsubscribes from everything gets a confirmation for no channel.
            case .null: if isLast || kind.isMessage { return nil }
            case .simple, .array, .error: return nil
            }
        }
        self.kind = kind
        self.reply = reply
    }

    /// The channel, or for confirmations of patterns the pattern.
    package var channel: UnsafeRawBufferPointer { bytes(kind == .patternMessage ? 2 : 1) }

    /// The pattern that matched; nil unless one did.
    package var pattern: UnsafeRawBufferPointer? { kind == .patternMessage ? bytes(1) : nil }

    /// The message; empty for a confirmation.
    package var payload: UnsafeRawBufferPointer { bytes(reply.count - 1) }

    /// How many channels and patterns, or channels of shards, the connection is subscribed to now; nil for messages.
    package var subscriptions: Int64? { reply[reply.count - 1]?.integer }

    private func bytes(_ index: Int) -> UnsafeRawBufferPointer {
        reply[index]?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    private static func kind(_ word: RESPReply) -> Kind? {
        if word.holds("message") { return .message }
        if word.holds("pmessage") { return .patternMessage }
        if word.holds("smessage") { return .shardMessage }
        if word.holds("subscribe") { return .subscribed }
        if word.holds("unsubscribe") { return .unsubscribed }
        if word.holds("psubscribe") { return .patternSubscribed }
        if word.holds("punsubscribe") { return .patternUnsubscribed }
        if word.holds("ssubscribe") { return .shardSubscribed }
        if word.holds("sunsubscribe") { return .shardUnsubscribed }
        return nil
    }
}

extension RedisPush.Kind {
    /// Whether it is a message, and not a confirmation.
    package var isMessage: Bool {
        switch self {
        case .message, .patternMessage, .shardMessage: true
        default: false
        }
    }

    /// Which command it confirms; nil for messages.
    var confirms: UnansweredCommands.Expectation? {
        switch self {
        case .message, .patternMessage, .shardMessage: nil
        case .subscribed: .subscribed
        case .unsubscribed: .unsubscribed
        case .patternSubscribed: .patternSubscribed
        case .patternUnsubscribed: .patternUnsubscribed
        case .shardSubscribed: .shardSubscribed
        case .shardUnsubscribed: .shardUnsubscribed
        }
    }
}
