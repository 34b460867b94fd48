// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import HubCore
import HubLoop
import HubServer
import HubWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ServerSettings {
    /// How many loops to run: as many as were asked for, or one a core, within what a node can have.
    ///
    /// - Parameter configured: What was asked for; 0 is one a core.
    /// - Parameter cores: What the system says; below 1 when it does not know.
    static func loops(configured: Int, cores: Int) -> Int {
        min(max(1, configured == 0 ? cores : configured), mostLoops)
    }

    /// What the configuration says of the server.
    ///
    /// - Throws: ``LoopError`` `.badAddress`, which a validated configuration does not cause.
    init(_ configuration: Configuration) throws(LoopError) {
        self.init()
        let server = configuration.server
        address = try SocketAddress.parse(server.addr)
        adminAddress = server.adminAddr.isEmpty ? nil : try SocketAddress.parse(server.adminAddr)
        loops = Self.loops(configured: server.loops, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        readTimeout = server.readTimeout
        writeTimeout = server.writeTimeout
        messageTimeout = server.messageTimeout
        headerTimeout = server.headerTimeout
        bodyTimeout = server.bodyTimeout
        keepAliveTimeout = server.keepAliveTimeout
        closeTimeout = server.closeTimeout
        drainDelay = server.drainDelay
        drainTimeout = server.drainTimeout
        maxHeadBytes = server.maxHeadBytes.bytes
        bodyBufferBytes = server.bodyBufferBytes.bytes
        let descriptors = server.descriptors(within: FileLimit.raise(), loops: loops)
        maxConnections = descriptors.connections
        if adminAddress != nil {
            maxOperatorConnections = descriptors.operatorConnections
            clientDescriptors = descriptors.firstOfOperators
        }
        maxConnectionsPerIP = server.maxConnectionsPerIp
        maxConcurrentScrapes = server.maxConcurrentScrapes
        do throws(OriginPolicy.PatternError) {
            origins = try OriginPolicy(allowed: server.allowedOrigins)
        } catch {
            throw LoopError(.badAddress, "server.allowed_origins: \(error.message)")
        }
        maxSubscriptionsPerIP = configuration.hub.maxSubscriptionsPerIp
        pingInterval = configuration.hub.pingInterval
        pongTimeout = configuration.hub.pongTimeout
        maxMessageBytes = configuration.hub.maxMessageBytes.bytes
        subprotocols = ["gohub.v1.json"]
        version = Version.current
        revision = Version.revision
    }
}

extension HubSettings {
    /// What the configuration says of the hub.
    init(_ configuration: Configuration) {
        self.init()
        let hub = configuration.hub
        nodeID = hub.nodeId
        queue = QueueLimits(messages: hub.messageBufferCap, bytes: hub.messageBufferBytes.bytes)
        slowClientPolicy =
            switch hub.slowClientPolicy {
            case .disconnect: .disconnect
            case .dropOldest: .dropOldest
            case .dropNewest: .dropNewest
            }
        maxSubscriptionsPerClient = hub.maxSubscriptionsPerClient
        maxTopics = hub.maxTopics
    }
}

/// The name of a node that was given none.
enum NodeName {
    /// `node-` and eight random hexadecimal digits; clients see it, so it tells nothing of the host.
    static func make() -> String {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return "node-" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// How many descriptors the process may have.
enum FileLimit {
    /// Raises the soft limit to the hard one, and returns it.
    static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return UInt64(limit.rlim_cur)
    }
}
