// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubConfig
import HubLoop
import HubRedis
import HubTLS

extension BusLink.Settings {
    /// What the configuration says of the bus: how long an attempt may take is Redis' part, all else is of any kind.
    init(_ configuration: Configuration) {
        self.init()
        let bus = configuration.bus
        publishTimeout = bus.publishDeadline.wholeNanoseconds
        supervisor.probeAfter = bus.probeAfter.wholeNanoseconds
        // To connect, to be known, and for a message to itself.
        let attempt = bus.redis.connectTimeout + bus.redis.syncTimeout
        supervisor.attemptTimeout = attempt.wholeNanoseconds + supervisor.probeTimeout
        acceptsBare = bus.acceptBare
        maxBareBytes = configuration.hub.maxMessageBytes.bytes
    }
}

extension BridgeSettings {
    /// What the configuration says of the node among others.
    init(_ configuration: Configuration) {
        self.init()
        let bus = configuration.bus
        version = Version.current
        unsubscribeAfter = bus.unsubscribeAfter.wholeNanoseconds
        bufferBytes = bus.buffer.maxBytes.bytes
        bufferAge = bus.buffer.maxAge.wholeNanoseconds
        maxMessageBytes = configuration.hub.maxMessageBytes.bytes
    }
}

extension RedisSettings {
    /// What the configuration says of Redis.
    ///
    /// - Throws: ``HubLoop/LoopError`` `.badAddress`, which a validated configuration does not cause.
    init(_ configuration: Configuration) throws(LoopError) {
        self.init()
        let redis = configuration.bus.redis
        mode =
            switch redis.mode {
            case .single: .single
            case .sentinel: .sentinel
            case .cluster: .cluster
            }
        delivery =
            switch redis.delivery {
            case .pubsub: .pubsub
            case .streams: .streams
            }
        addresses = []
        for address in redis.addrs { addresses.append(try SocketAddress.parse(address)) }
        masterName = redis.masterName
        user = redis.user.unlessEmpty
        if let path = redis.passwordFile.unlessEmpty { password = Self.reading(path) }
        sentinelUser = redis.sentinelUser.unlessEmpty
        if let path = redis.sentinelPasswordFile.unlessEmpty { sentinelPassword = Self.reading(path) }
        database = redis.db
        clientName = redis.clientName
        keyPrefix = redis.keyPrefix
        connectTimeout = redis.connectTimeout
        syncTimeout = redis.syncTimeout
        probeAfter = configuration.bus.probeAfter
        streamMaxLength = redis.streamMaxLength
        maxMessageBytes = configuration.hub.maxMessageBytes.bytes + 4096
        if redis.tls.enabled {
            var options = TLSClientOptions()
            options.caFile = redis.tls.caFile.unlessEmpty
            options.serverName = redis.tls.serverName.unlessEmpty
            options.certificateFile = redis.tls.certFile.unlessEmpty
            options.keyFile = redis.tls.keyFile.unlessEmpty
            tls = options
        }
    }

    private static func reading(_ path: String) -> @Sendable () throws(RedisError) -> RedisSecret? {
        let file = PasswordFile(path: path)
        return { () throws(RedisError) in try file.read() }
    }
}
