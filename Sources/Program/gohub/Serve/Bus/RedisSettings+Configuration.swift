// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubConfig
import HubLoop
import HubRedis
import HubTLS

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
        if let path = redis.passwordFile.unlessEmpty { password = PasswordFile(path: path).source }
        sentinelUser = redis.sentinelUser.unlessEmpty
        if let path = redis.sentinelPasswordFile.unlessEmpty { sentinelPassword = PasswordFile(path: path).source }
        database = redis.db
        clientName = redis.clientName
        keyPrefix = redis.keyPrefix
        connectTimeout = redis.connectTimeout
        syncTimeout = redis.syncTimeout
        probeAfter = configuration.bus.probeAfter
        streamMaxLength = redis.streamMaxLength
        maxMessageBytes = configuration.hub.maxMessageBytes.bytes + 4096
        tls = TLSClientOptions(redis.tls)
    }
}
