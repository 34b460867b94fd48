// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubConfig
import HubLoop
import HubNATS
import HubTLS

extension NATSSettings {
    /// What the configuration says of NATS.
    ///
    /// - Throws: ``HubLoop/LoopError`` `.badAddress`, which a validated configuration does not cause.
    init(_ configuration: Configuration) throws(LoopError) {
        self.init()
        let nats = configuration.bus.nats
        addresses = []
        for address in nats.addresses { addresses.append(try SocketAddress.parse(address)) }
        login = Self.login(nats)
        tls = TLSClientOptions(nats.tls)
        clientName = "\(nats.clientName) \(configuration.hub.nodeId)"
        subjectPrefix = nats.subjectPrefix
        maxMessageBytes = configuration.hub.maxMessageBytes.bytes
        connectTimeout = nats.connectTimeout
        if nats.jetstream { jetStream = JetStreamSettings(nats, nodeName: configuration.hub.nodeId) }
    }

    /// The way to log in, of which a validated configuration has one at most.
    private static func login(_ nats: NATSSection) -> Login {
        if let path = nats.passwordFile.unlessEmpty {
            return .password(user: nats.user, PasswordFile(path: path).source)
        }
        if let path = nats.tokenFile.unlessEmpty { return .token(PasswordFile(path: path).source) }
        if let path = nats.credsFile.unlessEmpty { return .credentials(file: path) }
        if let path = nats.nkeySeedFile.unlessEmpty { return .nkey(nats.nkey, seedFile: path) }
        return .none
    }
}

extension JetStreamSettings {
    /// What the configuration says of the stream, and of how the node reads it.
    fileprivate init(_ nats: NATSSection, nodeName: String) {
        self.init()
        self.nodeName = nodeName
        stream = nats.stream.name
        retention =
            switch nats.stream.retention {
            case .limits: .limits
            case .interest: .interest
            }
        maxAge = nats.stream.maxAge
        maxMessages = nats.stream.maxMsgs
        maxBytes = nats.stream.maxBytes.bytes
        replicas = nats.stream.replicas
        compresses = nats.stream.compress
        duplicateWindow = nats.stream.duplicateWindow
        ackWait = nats.consumer.ackWait
        maxDeliver = nats.consumer.maxDeliver
        maxAckPending = nats.consumer.maxAckPending
    }
}
