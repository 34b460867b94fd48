// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubCore
package import HubWire

/// A client on a ``FakeTransport``: sends like a peer, and ends like a connection of the server.
///
/// Asked to close, it stops its deliveries, queues a close frame if the reason has one, and stays until ``vanish()``;
/// for a reason without a close frame it is gone at once.
package final class FakeClient {
    package let transport = FakeTransport()
    package let shard: Shard
    private let receiver: any MessageReceiver
    private var taken = 0
    /// The client in the hub.
    package private(set) lazy var client: Client = shard.attach(transport)
    /// Whether its connection is open or closing, not gone.
    package private(set) var isAttached = true

    package init(_ shard: Shard, receiver: any MessageReceiver) {
        self.shard = shard
        self.receiver = receiver
        transport.onClose = { [unowned self] in close($0) }
    }

    package var id: ClientID { client.id }

    // MARK: What the connection does

    /// Puts the client into the hub's tables; with `welcome` also as the server does it.
    package func open(welcome: Bool = false) {
        shard.register(client)
        if welcome { receiver.opened(client, on: shard) }
    }

    /// Ends the connection as if the network had.
    package func vanish() {
        guard isAttached else { return }
        isAttached = false
        shard.detach(client)
    }

    /// Lets the socket take so many bytes more, nil without end, and says so to the shard.
    package func unblock(_ room: Int? = nil) {
        transport.room = room
        if isAttached { shard.socketWritable(client) }
    }

    /// Lets the socket take no bytes, or a few more.
    package func block(after bytes: Int = 0) { transport.room = bytes }

    private func close(_ reason: CloseReason) {
        guard isAttached else { return }
        guard let code = reason.closeCode else {
            isAttached = false
            return shard.detach(client, reason == .writeError ? .writeError : .closed)
        }
        shard.beginClosing(client, reason)
        let payload = [UInt8(code >> 8), UInt8(code & 0xFF)] + reason.text.utf8
        payload.withUnsafeBytes { shard.control(WebSocketOpcode.close.rawValue, $0, to: client) }
    }

    // MARK: What the peer sends

    /// Sends a text message.
    package func send(_ text: String, ingress: UInt64 = 0) {
        receive(Array(text.utf8), isText: true, ingress)
    }

    /// Sends a binary message.
    package func send(_ bytes: [UInt8], ingress: UInt64 = 0) {
        receive(bytes, isText: false, ingress)
    }

    private func receive(_ bytes: [UInt8], isText: Bool, _ ingress: UInt64) {
        bytes.withUnsafeBytes { receiver.received($0, isText: isText, from: client, on: shard, ingress: ingress) }
    }

    /// Subscribes without asking for it by a message.
    package func subscribe(_ topic: TopicName) throws(HubError) { try shard.subscribe(client, to: topic) }

    /// Ends a subscription without asking for it by a message.
    package func unsubscribe(_ topic: TopicName) { shard.unsubscribe(client, from: topic) }

    /// Publishes a text frame as it is, without an answer.
    package func publish(_ text: String, to topic: TopicName, echo: Bool = true) {
        _ = Array(text.utf8).withUnsafeBytes {
            shard.publish(1, $0, to: topic, from: client, ingress: 0, echo: echo)
        }
    }

    // MARK: What the peer got

    /// The frames that came since this was last asked.
    package func take() -> [ReceivedFrame] {
        defer { taken = transport.frames.count }
        return Array(transport.frames[taken...])
    }

    /// The texts among the frames that came since this was last asked.
    package func takeTexts() -> [String] {
        take().compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
}
