// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import HubTesting
import HubWire
import Testing

@testable import HubCore

/// What waits for blocked clients holds about as much memory as it counts.
@Suite("Memory of waiting messages")
struct HeldMemoryTests {
    /// The bytes of all batches that a client's queue keeps alive, and of its slices.
    private func held(by client: FakeClient) -> Int {
        var batches: [UnsafeMutableRawPointer: Int] = [:]
        var slices = 0
        let pool = client.shard.slices
        var index = client.client.queue.head
        while index != SlicePool.none {
            let slice = pool.slices[Int(index)]
            batches[slice.batch.toOpaque()] = slice.batch._withUnsafeGuaranteedRef {
                $0.footprint + ($0.isOwn ? 8 * $0.frameCount : 0)
            }
            slices += MemoryLayout<Slice>.stride
            index = slice.next
        }
        return batches.values.reduce(slices, +)
    }

    @Test("ten thousand small answers to a blocked client hold little more than their bytes")
    func smallReplies() {
        var settings = HubSettings()
        settings.queue = QueueLimits(messages: 20_000, bytes: 1 << 20)
        let hub = HubHarness(settings: settings)
        let client = hub.connect()
        client.block()
        for number in 0..<10_000 {
            client.send(#"{"message_id":\#(number),"message_type":"ping","data":null}"#)
            if number % 3 == 0 { hub.tick() }
        }
        hub.tick()
        let counted = hub.snapshot().queuedBytes
        #expect(hub.snapshot().queuedMessages == 10_000)
        #expect(held(by: client) < 2 * counted + 48 * 10_000 + 1_024)
        client.unblock()
        hub.tick()
        #expect(client.takeTexts().count == 10_000)
        hub.expectBalanced()
    }

    @Test("answers, deliveries and pings in turn hold little more than their bytes, and keep their order")
    func mixedKinds() throws {
        let hub = HubHarness()
        let (client, other) = (hub.connect(), hub.connect())
        try client.subscribe(TopicName("t"))
        client.block()
        for number in 0..<80 {
            client.send(#"{"message_id":\#(number),"message_type":"ping","data":null}"#)
            other.publish("delivery \(number)", to: try TopicName("t"))
            [UInt8(number)].withUnsafeBytes { hub.shards[0].control(9, $0, to: client.client) }
            hub.tick()
        }
        #expect(held(by: client) < 2 * hub.snapshot().queuedBytes + 48 * 240 + 1_024)
        client.unblock()
        hub.tick()
        let frames = client.take()
        #expect(frames.count == 240)
        for number in 0..<80 {
            #expect(frames.contains(.text("delivery \(number)")))
            #expect(frames.contains(.ping([UInt8(number)])))
        }
        #expect(
            frames.filter { $0 == .text("delivery 3") || $0 == .text("delivery 4") } == [
                .text("delivery 3"), .text("delivery 4"),
            ]
        )
        hub.expectBalanced()
    }

    @Test("one small message does not keep a large batch alive")
    func smallPartOfLargeBatch() throws {
        let hub = HubHarness()
        let (client, publisher) = (hub.connect(), hub.connect())
        try client.subscribe(TopicName("t"))
        client.block()
        // Its own messages do not come back to it: of this tick's batch it gets one frame.
        for _ in 0..<100 {
            client.publish(String(repeating: "x", count: 600), to: try TopicName("t"), echo: false)
        }
        publisher.publish("only this", to: try TopicName("t"))
        hub.tick()
        #expect(hub.snapshot().queuedMessages == 1)
        #expect(held(by: client) < 1_024)
        client.unblock()
        hub.tick()
        #expect(client.takeTexts() == ["only this"])
        hub.expectBalanced()
    }

    @Test("a message that is half on the wire stays whole when it is copied", arguments: [1, 5, 40])
    func cutFrames(taken: Int) {
        let hub = HubHarness()
        let client = hub.connect()
        client.block(after: taken)
        for number in 0..<50 { client.send(#"{"message_id":\#(number),"message_type":"ping","data":null}"#) }
        hub.tick()
        client.unblock(taken)
        hub.tick()
        client.unblock()
        hub.tick()
        #expect(client.takeTexts().count == 50)
        #expect(client.transport.fault == nil)
        hub.expectBalanced()
    }

    @Test("each of the messages that waited is observed with its own age")
    func latencies() {
        let hub = HubHarness()
        let client = hub.connect()
        client.block()
        for _ in 0..<10 {
            client.send(#"{"message_id":1,"message_type":"ping","data":null}"#, ingress: hub.now)
            hub.tick()
            hub.clock.advance(by: .seconds(1))
        }
        client.unblock()
        hub.tick()
        let latency = hub.snapshot().totalLatency[Int(DeliveryScope.reply.rawValue)]
        #expect(latency.count == 10)
        // 10 s, 9 s … 1 s.
        #expect(latency.sum == 55_000_000_000)
        hub.expectBalanced()
    }

    @Test("the slab of slices and the pool of batches shrink to what the last time needed")
    func trims() throws {
        let hub = HubHarness()
        let clients = (0..<200).map { _ in hub.connect() }
        for client in clients { client.block() }
        for number in 0..<160 {
            for client in clients { client.send(#"{"message_id":\#(number),"message_type":"ping","data":null}"#) }
            if number % 2 == 0 { hub.hub.broadcast(Frame(String(repeating: "x", count: 5_000))) }
            hub.tick()
        }
        let last = try #require(clients.last)
        for client in clients.dropLast() { client.vanish() }
        hub.tick()
        let (slab, waiting) = (hub.shards[0].slices, hub.shards[0].slices.count)
        hub.shards[0].trim()
        hub.shards[0].trim()
        #expect(hub.shards[0].slices !== slab)
        #expect(hub.shards[0].slices.count == waiting)
        last.unblock()
        hub.tick()
        #expect(last.takeTexts().count == 240)
        hub.expectBalanced()
    }
}
