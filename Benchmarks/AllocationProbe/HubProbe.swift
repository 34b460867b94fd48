// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CAllocCount
import HubCore
import HubWire

/// Counts what a hub with one loop and no bus takes of memory for each delivery, message and connection, once it is warm.
struct HubProbe {
    private static let clients = 1000
    private static let rounds = 100

    private let hub: Hub
    private let shard: Shard
    private let dispatcher = Dispatcher(
        welcome: Dispatcher.Welcome(version: "0", pingIntervalMilliseconds: 25_000, maxMessageBytes: 1 << 20)
    )
    private let transport = NullTransport()

    init() {
        hub = Hub()
        shard = hub.makeShard {}
        hub.seal()
    }

    /// What one of each takes, in allocations.
    ///
    /// - `delivery`: the share of one delivery in a binary message to a thousand clients.
    /// - `publish`: what a message asks of the hub, without reading it and answering it.
    /// - `binary`, `message`: a message as bytes, and as JSON, which is answered, from being read to being written.
    /// - `connection`: one that comes, is welcomed and goes.
    func results() throws -> [(name: String, count: Double)] {
        let publisher = connect()
        let subscribers = (0..<HubProbe.clients).map { _ in connect() }
        let topic = try TopicName("bench")
        for client in subscribers { try shard.subscribe(client, to: topic) }
        shard.tick()
        let delivery = allocations { publishBinary(publisher) } / Double(HubProbe.clients)
        for client in subscribers { shard.unsubscribe(client, from: topic) }
        try shard.subscribe(subscribers[0], to: topic)
        let publish = allocations { self.publish(to: topic, by: publisher) }
        let binary = allocations { publishBinary(publisher) }
        let message = allocations { publishJSON(publisher) }
        let connection = allocations { shard.detach(connect()) }
        return [
            ("delivery", delivery), ("publish", publish), ("binary", binary), ("message", message),
            ("connection", connection),
        ]
    }

    private func allocations(_ body: () -> Void) -> Double {
        for _ in 0..<20 { round(body) }
        let before = gohub_allocations()
        for _ in 0..<HubProbe.rounds { round(body) }
        return Double(gohub_allocations() - before) / Double(HubProbe.rounds)
    }

    private func round(_ body: () -> Void) {
        body()
        shard.tick()
    }

    private func publishBinary(_ publisher: Client) {
        publish("\u{5}bench................................................................", false, publisher)
    }

    /// What a message asks of the hub once it has been read: nothing is parsed and nobody is answered.
    private func publish(to topic: TopicName, by publisher: Client) {
        let text: StaticString = "................................................................"
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        shard.publish(2, bytes, to: topic, from: publisher, ingress: 1)
    }

    private func publishJSON(_ publisher: Client) {
        publish(
            #"{"message_id":1,"message_type":"publish","data":{"topic":"bench","payload":{"a":[1,2,3]}},"ts":1}"#,
            true,
            publisher
        )
    }

    private func publish(_ text: StaticString, _ isText: Bool, _ publisher: Client) {
        let bytes = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        dispatcher.received(bytes, isText: isText, from: publisher, on: shard, ingress: 1)
    }

    private func connect() -> Client {
        let client = shard.attach(transport)
        shard.register(client)
        dispatcher.opened(client, on: shard)
        return client
    }
}

/// A socket that takes everything and keeps nothing.
private final class NullTransport: ClientTransport {
    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        .wrote(vectors.reduce(0) { $0 + $1.count })
    }

    func pauseReading() {}

    func resumeReading() {}

    var unsentBytes: Int { 0 }

    func close(_ reason: CloseReason) {}
}
