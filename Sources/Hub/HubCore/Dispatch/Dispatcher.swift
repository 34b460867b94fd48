// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Client protocol v1: takes each message to the handler of its type and answers what goes wrong.
package struct Dispatcher: MessageReceiver {
    /// What a client is told in `welcome`.
    package struct Welcome: Sendable {
        /// The hub's version.
        package var version: String
        /// How often the hub pings.
        package var pingIntervalMilliseconds: Int64
        /// The longest message that the hub takes, and the longest that it delivers.
        package var maxMessageBytes: Int
        /// The longest payload that is delivered whatever its topic.
        package var maxPayloadBytes: Int { max(0, maxMessageBytes - HubMessage.maxMessageOverhead) }

        /// Makes one.
        package init(version: String, pingIntervalMilliseconds: Int64, maxMessageBytes: Int) {
            self.version = version
            self.pingIntervalMilliseconds = pingIntervalMilliseconds
            self.maxMessageBytes = maxMessageBytes
        }
    }

    private let welcome: Welcome
    private let known: [(kind: CommandKind, handler: any MessageHandler)?]
    private let others: [String: any MessageHandler]

    /// Makes a dispatcher with the handlers of the client protocol.
    ///
    /// - Parameter handlers: More handlers by `message_type`; one for a type of the protocol takes its place.
    package init(welcome: Welcome, handlers: [String: any MessageHandler] = [:]) {
        self.welcome = welcome
        let limit = welcome.maxMessageBytes
        let builtIn: [MessageType: (CommandKind, any MessageHandler)] = [
            .ping: (.ping, PingHandler(limit: limit)),
            .subscribe: (.subscribe, SubscribeHandler()),
            .unsubscribe: (.unsubscribe, UnsubscribeHandler()),
            .publish: (.publish, PublishHandler(limit: limit)),
            .broadcast: (.broadcast, BroadcastHandler(limit: limit)),
            .unicast: (.unicast, UnicastHandler(limit: limit)),
        ]
        known = MessageType.allCases.map { type in
            guard let (kind, handler) = builtIn[type] else { return nil }
            return (kind, handlers[type.rawValue] ?? handler)
        }
        others = handlers.filter { name, _ in MessageType(rawValue: name).map { builtIn[$0] == nil } ?? true }
    }

    package func opened(_ client: Client, on shard: Shard) {
        let now = shard.environment.monotonicNanoseconds()
        shard.reply(to: client, ingress: now) { bytes in
            HubMessage.welcome(
                clientID: client.id.description,
                nodeID: shard.settings.nodeID,
                version: welcome.version,
                pingIntervalMilliseconds: welcome.pingIntervalMilliseconds,
                maxMessageBytes: welcome.maxMessageBytes,
                maxPayloadBytes: welcome.maxPayloadBytes,
                timestamp: shard.environment.unixMilliseconds(),
                to: &bytes
            )
        }
    }

    package func draining(_ client: Client, on shard: Shard, retryAfterMilliseconds: Int64) {
        let now = shard.environment.monotonicNanoseconds()
        shard.reply(to: client, ingress: now) { bytes in
            HubMessage.draining(
                retryAfterMilliseconds: retryAfterMilliseconds,
                timestamp: shard.environment.unixMilliseconds(),
                to: &bytes
            )
        }
    }

    package func received(
        _ bytes: UnsafeRawBufferPointer,
        isText: Bool,
        from client: Client,
        on shard: Shard,
        ingress: UInt64
    ) {
        let began = shard.environment.monotonicNanoseconds()
        var kind = CommandKind.invalid
        do throws(MessageError) {
            if isText {
                try dispatch(bytes, client, shard, ingress, &kind)
            } else {
                kind = .binary
                try publishBinary(bytes, client, shard, ingress)
            }
        } catch {
            shard.counts.pointee.commands.countError(kind, error.code)
            shard.reply(to: client, ingress: ingress) { reply in
                HubMessage.error(error, timestamp: shard.environment.unixMilliseconds(), to: &reply)
            }
        }
        let took = shard.environment.monotonicNanoseconds() &- began
        shard.counts.pointee.commands.count(kind, byteCount: bytes.count, nanoseconds: took)
    }

    private func dispatch(
        _ bytes: UnsafeRawBufferPointer,
        _ client: Client,
        _ shard: Shard,
        _ ingress: UInt64,
        _ kind: inout CommandKind
    ) throws(MessageError) {
        let envelope = try ClientMessage.parse(bytes)
        let handler: any MessageHandler
        if let type = envelope.knownType, let entry = known[type.index] {
            (kind, handler) = entry
        } else if !others.isEmpty, let name = envelope.typeName, let found = others[name] {
            kind = .other
            handler = found
        } else {
            throw MessageError(.unknownType, "no handler for this message_type").answering(envelope)
        }
        let message = Message(
            envelope,
            data: envelope.data.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) },
            kind: kind,
            client: client,
            shard: shard,
            ingress: ingress
        )
        do throws(MessageError) { try handler.handle(message) } catch { throw error.answering(envelope) }
    }

    /// A binary frame is a publish of bytes; it is not acknowledged.
    private func publishBinary(
        _ bytes: UnsafeRawBufferPointer,
        _ client: Client,
        _ shard: Shard,
        _ ingress: UInt64
    ) throws(MessageError) {
        let request = try BinaryPublish.parse(bytes)
        shard.publish(2, bytes, to: request.topicName, from: client, ingress: ingress)
    }
}

extension MessageType {
    /// The case's place among all, in their order.
    fileprivate var index: Int {
        switch self {
        case .ping: 0
        case .subscribe: 1
        case .unsubscribe: 2
        case .publish: 3
        case .broadcast: 4
        case .unicast: 5
        case .welcome: 6
        case .draining: 7
        case .pong: 8
        case .subscribed: 9
        case .unsubscribed: 10
        case .published: 11
        case .message: 12
        case .error: 13
        }
    }
}
