// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubConfig
import HubLoop
import HubTLS

extension BusLink.Settings {
    /// What the configuration says of the bus: how an attempt fares is the part of each kind, all else is of any.
    init(_ configuration: Configuration) {
        self.init()
        let bus = configuration.bus
        publishTimeout = bus.publishDeadline.wholeNanoseconds
        supervisor.probeAfter = bus.probeAfter.wholeNanoseconds
        switch bus.type {
        case .noop: break
        case .redis:
            // To connect, to be known, and for a message to itself.
            let attempt = bus.redis.connectTimeout + bus.redis.syncTimeout
            supervisor.attemptTimeout = attempt.wholeNanoseconds + supervisor.probeTimeout
        case .nats:
            // To connect and log in, to subscribe, and for a message to itself.
            supervisor.attemptTimeout = bus.nats.connectTimeout.wholeNanoseconds + 2 * supervisor.probeTimeout
            supervisor.backOff = bus.nats.reconnectWait.wholeNanoseconds
            supervisor.backOffLimit = max(supervisor.backOffLimit, supervisor.backOff)
        }
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

extension TLSClientOptions {
    /// What the configuration says of TLS to a bus; nil without.
    init?(_ section: BusTLSSection) {
        guard section.enabled else { return nil }
        self.init(
            caFile: section.caFile.unlessEmpty,
            serverName: section.serverName.unlessEmpty,
            certificateFile: section.certFile.unlessEmpty,
            keyFile: section.keyFile.unlessEmpty
        )
    }
}
