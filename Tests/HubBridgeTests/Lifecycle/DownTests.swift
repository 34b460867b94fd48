// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubTesting
import HubWire
import Testing

/// Publications while the bus is down, with a buffer and without.
@Suite("Publications while the bus is down")
struct DownTests {
    let harness = BridgeHarness()

    private static func settings(bytes: Int, age: UInt64 = 60_000_000_000) -> BridgeSettings {
        var settings = BridgeSettings()
        (settings.bufferBytes, settings.bufferAge) = (bytes, age)
        return settings
    }

    @Test("without a buffer they fail at once: clients here get them, their publisher is told, each is counted")
    func failFast() {
        let node = harness.serve("a", shards: 2)
        let (publisher, subscriber) = (node.hub.connect(to: 0), node.hub.connect(to: 1))
        subscriber.askSubscribe()
        harness.fail(.down)
        _ = subscriber.take()
        let failed = node.bus("publish_failures_total", ["reason": "disconnected"])
        for number in 0..<30 {
            publisher.askPublish("\(number)", id: number)
            publisher.send([4] + Array("news".utf8) + [255])
            harness.advance(.milliseconds(100))
        }
        harness.advance(.seconds(1))
        #expect(publisher.takeNews() == (0..<30).map { "published \($0) unavailable" })
        #expect(subscriber.take().count == 60)
        #expect(node.bus("publish_failures_total", ["reason": "disconnected"]) == failed + 60)
        // At most one line a second, by the clock of the log.
        #expect((1...5).contains(node.logged("publishing on the message bus failed").count))
        #expect(node.bus("buffered_publishes") == 0)
        harness.recover()
        publisher.askPublish("1", id: 99)
        harness.settle()
        #expect(publisher.takeNews() == ["published 99"])
    }

    @Test("a buffer keeps them until the bus is back, and sends them in order before new ones")
    func released() {
        let a = harness.serve("a", settings: Self.settings(bytes: 1 << 20))
        let b = harness.serve("b")
        let (publisher, subscriber) = (a.hub.connect(), b.hub.connect())
        subscriber.askSubscribe()
        harness.settle()
        _ = subscriber.take()
        harness.fail(.down)
        for number in 0..<200 { publisher.askPublish("\(number)", id: number) }
        harness.settle()
        #expect(publisher.takeNews() == (0..<200).map { "published \($0) unavailable" })
        #expect(a.bus("buffered_publishes") == 200)
        // Whoever subscribes again later than its publisher publishes misses that.
        a.isFrozen = true
        harness.recover()
        publisher.askPublish("200")
        a.isFrozen = false
        harness.advance(.seconds(12))
        publisher.askPublish("201")
        harness.settle()
        #expect(subscriber.takeNews() == (0...201).map { "\($0)" })
        #expect(a.bus("buffered_publishes") == 0)
        #expect(a.bus("publish_failures_total", ["reason": "disconnected"]) == 0)
        #expect(b.bus("gap_messages_total") == 0)
    }

    @Test("a buffer is bounded in bytes; what has no room fails and is counted")
    func bytes() {
        let node = harness.serve("a", settings: Self.settings(bytes: 5_000))
        let publisher = node.hub.connect()
        harness.fail(.down)
        let payload = String(repeating: "1", count: 1_000)
        for _ in 0..<10 { publisher.askPublish(payload) }
        harness.advance(.seconds(1))
        let buffered = node.bus("buffered_publishes")
        #expect((1...4).contains(buffered))
        #expect(node.bus("publish_failures_total", ["reason": "disconnected"]) == 10 - buffered)
    }

    @Test("a buffer is bounded in age, also when the bus comes back just then")
    func age() {
        let node = harness.serve("a", settings: Self.settings(bytes: 1 << 20, age: 1_000_000_000))
        let publisher = node.hub.connect()
        harness.fail(.down)
        publisher.askPublish("1")
        harness.advance(.milliseconds(600))
        publisher.askPublish("2")
        harness.advance(.milliseconds(500))
        #expect(node.bus("buffered_publishes") == 1)
        #expect(node.bus("publish_failures_total", ["reason": "disconnected"]) == 1)
        harness.advance(.milliseconds(600))
        #expect(node.bus("buffered_publishes") == 0)
        #expect(node.bus("publish_failures_total", ["reason": "disconnected"]) == 2)
    }

    @Test("what a buffer holds at the end is counted as lost")
    func end() {
        let node = harness.serve("a", settings: Self.settings(bytes: 1 << 20))
        harness.fail(.down)
        for _ in 0..<3 { node.hub.connect().askPublish("1") }
        harness.settle()
        harness.close(node)
        #expect(node.isClosed)
        #expect(node.bus("publish_failures_total", ["reason": "closed"]) == 3)
    }

    @Test("a flood of publications that are kept pauses their publisher as any other")
    func keptFlood() {
        let node = harness.serve("a", settings: Self.settings(bytes: 1 << 20))
        let publisher = node.hub.connect()
        harness.fail(.down)
        var published = 0
        while !publisher.transport.isPaused, published < 10_000 {
            publisher.askPublish("1")
            published += 1
        }
        #expect(published == 4_096)
        harness.settle()
        #expect(!publisher.transport.isPaused)
    }
}
