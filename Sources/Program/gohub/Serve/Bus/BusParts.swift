// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubConfig
import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubRedis
import HubTLS

/// What a node with a bus has beside one without; a node without has none of it.
struct BusParts {
    let outbox: Outbox
    private let configuration: Configuration
    private let loop: EventLoop

    /// Makes the loop and the outbox; nil without a bus.
    init?(_ configuration: Configuration, shards: Int) throws(LoopError) {
        guard configuration.bus.type != .noop else { return nil }
        self.configuration = configuration
        let loop = try EventLoop(index: -1)
        self.loop = loop
        outbox = Outbox(shards: shards, Wakeup { loop.wake() })
    }

    /// Puts the hub and its bus together.
    ///
    /// - Throws: ``StartFault`` when a file for TLS cannot be used.
    func thread(_ hub: Hub, canary: CanaryMetrics, registry: Registry, log: Logger) throws(StartFault) -> BusThread {
        let redis: RedisSettings
        do throws(LoopError) { redis = try RedisSettings(configuration) } catch { throw StartFault(error) }
        let adapter: RedisBus
        do throws(TLSError) { adapter = try RedisBus(redis, loop: loop) } catch { throw StartFault(error) }
        return BusThread(
            hub: hub,
            outbox: outbox,
            loop: loop,
            identity: NodeIdentity(id: configuration.hub.nodeId),
            adapter: adapter,
            link: BusLink.Settings(configuration),
            bridge: BridgeSettings(configuration),
            mode: redis.mode.rawValue,
            canary: canary,
            registry: registry,
            log: log
        )
    }
}
