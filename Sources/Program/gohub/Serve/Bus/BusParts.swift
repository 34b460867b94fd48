// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubConfig
import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubNATS
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
        let fixed = FixedBusMetrics(registry, bus: configuration.bus.type == .nats ? .nats : .redis)
        let (adapter, mode) = try adapter(fixed, registry, log)
        return BusThread(
            hub: hub,
            outbox: outbox,
            loop: loop,
            identity: NodeIdentity(id: configuration.hub.nodeId),
            adapter: adapter,
            link: BusLink.Settings(configuration),
            bridge: BridgeSettings(configuration),
            metrics: BusMetrics(registry: registry, fixed: fixed, bus: adapter.kind, mode: mode),
            canary: canary,
            registry: registry,
            log: log
        )
    }

    /// Makes what is different from bus to bus, and says how the bus is run.
    private func adapter(
        _ fixed: FixedBusMetrics,
        _ registry: Registry,
        _ log: Logger
    ) throws(StartFault) -> (any BusAdapter, mode: String) {
        switch configuration.bus.type {
        // A node without a bus makes none of this.
        case .noop, .redis: try redis()
        case .nats: try nats(NATSMetrics(registry, fixed: fixed), log)
        }
    }

    private func redis() throws(StartFault) -> (any BusAdapter, mode: String) {
        let settings: RedisSettings
        do throws(LoopError) { settings = try RedisSettings(configuration) } catch { throw StartFault(error) }
        do throws(TLSError) {
            return (try RedisBus(settings, loop: loop), settings.mode.rawValue)
        } catch {
            throw StartFault(error)
        }
    }

    private func nats(_ metrics: NATSMetrics, _ log: Logger) throws(StartFault) -> (any BusAdapter, mode: String) {
        let settings: NATSSettings
        do throws(LoopError) { settings = try NATSSettings(configuration) } catch { throw StartFault(error) }
        do throws(TLSError) {
            return (try NATSBus(settings, loop: loop, metrics: metrics, logger: log), settings.mode)
        } catch {
            throw StartFault(error)
        }
    }
}
