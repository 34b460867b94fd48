// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubNATS
import HubRedis

/// Which bus is measured, and where: `redis://HOST:PORT`, `nats://HOST:PORT`, or `jetstream://HOST:PORT`.
struct BusAddress: Sendable {
    private enum Kind: String {
        case redis, nats, jetstream
    }

    private let kind: Kind
    private let address: SocketAddress

    init(_ text: String) throws {
        let parts = text.split(separator: "://", maxSplits: 1)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])) else {
            throw BenchFailure("\(text) is no redis://, nats:// or jetstream:// and HOST:PORT")
        }
        self.kind = kind
        address = try SocketAddress.parse(String(parts[1]))
    }

    /// How long a publication may take: what the program has by default.
    var publishTimeout: Duration {
        switch kind {
        case .redis: .milliseconds(50)
        case .nats: .milliseconds(10)
        case .jetstream: .seconds(2)
        }
    }

    func adapter(on loop: EventLoop, _ registry: Registry, _ fixed: FixedBusMetrics, _ logger: Logger) throws
        -> any BusAdapter
    {
        guard kind != .redis else {
            var settings = RedisSettings()
            settings.addresses = [address]
            return try RedisBus(settings, loop: loop)
        }
        var settings = NATSSettings()
        settings.addresses = [address]
        if kind == .jetstream { settings.jetStream = JetStreamSettings() }
        let metrics = NATSMetrics(registry, fixed: fixed)
        return try NATSBus(settings, loop: loop, metrics: metrics, logger: logger)
    }
}
