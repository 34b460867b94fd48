// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubTesting
import HubWire
import Testing

/// Where one side is slower than the other, the other waits.
@Suite("Back-pressure between hub and bus")
struct BridgePressureTests {
    let harness = BridgeHarness()

    @Test("a publisher is not read while the bus takes nothing, and read again when it does; nothing is lost")
    func toTheBus() {
        var link = BusLink.Settings()
        link.publishTimeout = 60_000_000_000
        let (a, b) = (harness.serve("a", link: link), harness.serve("b"))
        let (publisher, subscriber) = (a.hub.connect(), b.hub.connect())
        subscriber.askSubscribe()
        harness.settle()
        _ = subscriber.take()
        harness.fail(.frozen)
        var published = 0
        for _ in 0..<3 {
            while !publisher.transport.isPaused, published < 100_000 {
                publisher.askPublish("\(published)")
                published += 1
            }
            harness.settle()
        }
        #expect(publisher.transport.isPaused)
        #expect(a.hub.snapshot().pausedClients == 1)
        #expect(a.hub.snapshot().pauses[Int(PauseReason.bus.rawValue)] == 2)
        #expect(published <= 4_096 * 3 + 64)
        #expect(a.outbox.byteCount < 8 << 20)
        harness.fail(.none)
        #expect(!publisher.transport.isPaused)
        #expect(a.hub.snapshot().pausedClients == 0)
        #expect(a.outbox.byteCount == 0)
        #expect(subscriber.takeNews() == (0..<published).map { "\($0)" })
        #expect(b.bus("gap_messages_total") == 0)
    }

    @Test("what the bus takes before it answers is bounded in bytes, however long a message; each mailbox has its turn")
    func largeMessages() {
        var link = BusLink.Settings()
        link.publishTimeout = 60_000_000_000
        let (a, b) = (harness.serve("a", shards: 2, link: link), harness.serve("b"))
        let subscriber = b.hub.connect()
        subscriber.askSubscribe()
        harness.settle()
        _ = subscriber.take()
        harness.fail(.frozen)
        let size = 900_000
        func publish(_ shard: Int, _ number: Int) {
            a.hub.connect(to: shard).askPublish("\"\(shard) \(number)" + String(repeating: "x", count: size) + "\"")
        }
        for number in 0..<12 { publish(0, number) }
        publish(1, 0)
        harness.settle()
        #expect(a.outbox.byteCount >= 13 * size - (8 << 20) - size)
        harness.fail(.none)
        harness.settle()
        #expect(a.outbox.byteCount == 0)
        let order = subscriber.takePayloads().map { $0.dropFirst().prefix { $0 != "x" } }
        #expect(order.count == 13 && order.filter { $0.hasPrefix("0") } == (0..<12).map { "0 \($0)" })
        #expect(order.firstIndex(of: "1 0").map { $0 <= 10 } == true)
    }

    @Test("a burst that the bus takes at once does not count as a bus that is behind")
    func burst() {
        let node = harness.serve("a")
        let publishers = (0..<10).map { _ in node.hub.connect() }
        for number in 0..<2_000 {
            publishers[number % 10].askPublish("1", to: "nobody")
            if number % 300 == 0 { harness.settle() }
        }
        harness.settle()
        #expect(node.hub.snapshot().pauses[Int(PauseReason.bus.rawValue)] == 0)
    }

    @Test("a hub that is full takes no more from the bus until it has room; all of it arrives in order")
    func fromTheBus() {
        let node = harness.serve("a", shards: 2)
        let clients = [node.hub.connect(to: 0), node.hub.connect(to: 1)]
        node.isHubFrozen = true
        let payload = String(repeating: "1", count: 20_000)
        let stranger = Stranger(harness)
        for sequence in 1...1_000 as ClosedRange<UInt64> { stranger.publish(payload, to: .broadcast, sequence) }
        let held = node.hub.snapshot()
        #expect(held.largestInboxBytes >= 4 << 20)
        #expect(held.largestInboxBytes < 4 << 20 + 100_000)
        node.isHubFrozen = false
        harness.settle()
        for client in clients { #expect(client.transport.frames.count == 1_000) }
        #expect(node.bus("gap_messages_total") == 0)
        #expect(node.hub.snapshot().inboxBytes == 0)
        #expect(node.hub.imbalance() == nil)
    }

    @Test(
        "requests of other nodes, and what programs send to clients, are held back as well",
        arguments: [false, true]
    )
    func pushes(isBare: Bool) {
        let node = harness.serve("a")
        let clients = (0..<2_000).map { _ in node.hub.connect() }
        node.isHubFrozen = true
        let payload = [UInt8](repeating: 0x31, count: 20_000)
        let stranger = Stranger(harness)
        for (index, client) in clients.enumerated() {
            if isBare {
                harness.broker.publishBare(payload, to: "unicast/\(client.id)".busTopic)
            } else {
                var fields = EnvelopeWriter.Fields(.request, to: .node("a"))
                (fields.sequence, fields.epoch, fields.correlation) = (UInt64(index + 1), 1, UInt64(index))
                (fields.client, fields.operation) = (client.id.bytes, "unicast")
                harness.broker.publishBare(stranger.encode(fields, payload), to: fields.topic)
            }
        }
        harness.settle()
        #expect(node.hub.snapshot().inboxBytes < 4 << 20 + 100_000)
        node.isHubFrozen = false
        harness.settle()
        #expect(clients.allSatisfy { $0.transport.frames.count == 1 })
        #expect(node.hub.imbalance() == nil)
    }
}
