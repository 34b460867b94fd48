// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Section `bus`: how nodes reach each other.
package struct BusSection: Equatable, Sendable {
    /// Which bus is used.
    package var type = BusType.noop
    /// Whether messages that outside programs write to the bus reach clients.
    package var acceptBare = true
    /// How long a publication may take until the bus has taken it; zero is what the kind of bus has.
    package var publishTimeout = Duration.zero
    /// How long the bus may be silent before the node tests it.
    package var probeAfter = Duration.seconds(30)
    /// How long a topic stays subscribed after its last subscriber has left.
    package var unsubscribeAfter = Duration.seconds(1)
    /// Section `bus.buffer`: what is kept while the bus is down.
    package var buffer = BusBufferSection()
    /// Section `bus.redis`: where Redis is and how it is used.
    package var redis = RedisSection()
    /// Section `bus.nats`: where NATS is and how it is used.
    package var nats = NATSSection()

    /// Starts with the defaults.
    package init() {}

    /// How long a publication may take: what is configured, or else what the kind of bus has; zero without a bus.
    package var publishDeadline: Duration {
        if publishTimeout > .zero { return publishTimeout }
        return switch type {
        case .noop: .zero
        case .redis: .milliseconds(50)
        // A stream answers once it has stored the message; without one only the server's socket is waited for.
        case .nats: nats.jetstream ? .seconds(2) : .milliseconds(10)
        }
    }
}

extension BusSection {
    /// How long a start waits for the bus before it fails; nil when the node serves without one.
    package var startPatience: Duration? {
        switch type {
        case .noop: nil
        case .redis: redis.abortOnConnectFail ? redis.connectTimeout : nil
        case .nats: nats.abortOnConnectFail ? nats.connectTimeout : nil
        }
    }
}

/// The buses of this build.
package enum BusType: String, CaseIterable, Sendable {
    /// None: a single node.
    case noop
    /// Redis.
    case redis
    /// NATS.
    case nats
}

/// Section `bus.buffer`: what is kept while the bus is down.
package struct BusBufferSection: Equatable, Sendable {
    /// How much is kept; zero keeps nothing.
    package var maxBytes = ByteCount(0)
    /// How long a publication is kept.
    package var maxAge = Duration.seconds(10)

    /// Starts with the defaults.
    package init() {}
}
