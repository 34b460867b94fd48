// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubTesting
import HubWire
import Synchronization
import Testing

/// The end of a node's part in the bus.
@Suite("Closing the bridge")
struct ClosingTests {
    let harness = BridgeHarness()

    @Test("what waits in the outbox is sent, then the node leaves, and done is called once for each who asked")
    func flushes() {
        let (a, b) = (harness.serve("a", shards: 2), harness.serve("b"))
        let subscriber = b.hub.connect()
        subscriber.askSubscribe()
        harness.settle()
        _ = subscriber.take()
        let publishers = [a.hub.connect(to: 0), a.hub.connect(to: 1)]
        for number in 0..<3_000 { publishers[number % 2].askPublish("\(number)") }
        let calls = Mutex(0)
        a.bridge.close { calls.withLock { $0 += 1 } }
        a.bridge.close { calls.withLock { $0 += 1 } }
        #expect(calls.withLock { $0 } == 0)
        harness.settle()
        #expect(calls.withLock { $0 } == 2)
        a.bridge.close { calls.withLock { $0 += 1 } }
        harness.advance(.seconds(3))
        #expect(calls.withLock { $0 } == 3)
        let payloads = subscriber.takePayloads().compactMap { Int($0) }
        #expect(payloads.filter { $0 % 2 == 0 } == (0..<1_500).map { $0 * 2 })
        #expect(payloads.count == 3_000)
        #expect(b.knownNodes == ["b"])
        #expect(b.bus("gap_messages_total") == 0)
        #expect(harness.broker.sessionCount == 1)
    }

    @Test("one that is closed while it starts is told so, once, and does not serve", arguments: [false, true])
    func whileStarting(isDown: Bool) {
        if isDown { harness.fail(.down) }
        let node = harness.add("a")
        if !isDown { harness.settle() }
        #expect(node.start == nil)
        harness.close(node)
        guard case .closed? = node.start else {
            Issue.record("the start ended as \(String(describing: node.start))")
            return
        }
        harness.advance(.seconds(3))
        #expect(node.starts.count == 1)
        #expect(node.isClosed)
        #expect(node.hub.hub.tag == nil)
    }

    @Test("who waits for the bus is told once: at once if it is there, otherwise when it is")
    func readiness() {
        harness.fail(.down)
        let node = harness.serve("a")
        var calls = 0
        node.bridge.whenReady { calls += 1 }
        harness.advance(.seconds(2))
        #expect(calls == 0)
        harness.recover()
        #expect(calls == 1)
        node.bridge.whenReady { calls += 1 }
        #expect(calls == 2)
        harness.fail(.down)
        harness.recover()
        #expect(calls == 2)
    }

    @Test("a bus that is frozen ends within the time limit, and whoever waits is answered", arguments: [50, 5_000])
    func frozen(publishTimeout: UInt64) throws {
        var link = BusLink.Settings()
        link.publishTimeout = publishTimeout * 1_000_000
        let (a, b) = (harness.serve("a", link: link), harness.serve("b"))
        let (client, other, far) = (a.hub.connect(), a.hub.connect(), b.hub.connect())
        harness.fail(.frozen)
        client.askPublish("1", confirm: true)
        other.askSubscribe("fresh")
        let outcome = Mutex<[HubError?]>([])
        try a.hub.hub.push(Frame("x"), to: far.id) { error in outcome.withLock { $0.append(error) } }
        a.bridge.close { [a] in a.hub.tick() }
        harness.close(a)
        harness.advance(.milliseconds(1_100))
        #expect(a.isClosed)
        #expect(client.takeNews() == ["bus_unavailable 1"])
        #expect(other.takeNews() == ["subscribed 1 unavailable"])
        #expect(outcome.withLock { $0 } == [.busUnavailable])
        #expect(a.hub.snapshot().openAnswers == 0)
    }

    @Test("a bus that is down ends at once")
    func down() {
        let node = harness.serve("a")
        harness.fail(.down)
        harness.close(node)
        #expect(node.isClosed)
    }

    @Test("what comes after the end is answered at once, also from a thread that saw the bus available before")
    func afterwards() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let far = b.hub.connect()
        harness.close(a)
        a.isFrozen = true
        for isSeenAvailable in [false, true] {
            a.outbox.isAvailable = isSeenAvailable
            let client = a.hub.connect()
            client.askSubscribe(id: 1)
            client.askPublish("2", id: 2)
            client.askPublish("3", confirm: true, id: 3)
            client.askUnicast("4", to: far.id, id: 4)
            #expect(throws: HubError.busUnavailable) { try a.hub.hub.push(Frame("x"), to: far.id) { _ in } }
            a.hub.tick()
            #expect(
                Set(client.takeNews()) == [
                    "subscribed 1 unavailable", "2", "published 2 unavailable", "3", "bus_unavailable 3",
                    "bus_unavailable 4",
                ]
            )
            client.vanish()
        }
        #expect(a.hub.snapshot().openAnswers == 0)
        #expect(a.outbox.byteCount == 0)
        #expect(a.hub.imbalance() == nil)
    }

    @Test("what waits when the node ends with a link that takes nothing is answered, each once")
    func leftOver() throws {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let far = b.hub.connect()
        harness.fail(.frozen)
        let publisher = a.hub.connect()
        // More than the link takes without answers, and less than pauses the publisher for good.
        for _ in 0..<4_000 { publisher.askPublish("1") }
        harness.settle()
        for number in 0..<4_000 { publisher.askPublish("1", confirm: number < 200, id: number) }
        let outcomes = Mutex<[HubError?]>([])
        for _ in 0..<500 {
            try a.hub.hub.push(Frame("x"), to: far.id) { error in outcomes.withLock { $0.append(error) } }
        }
        harness.settle()
        harness.close(a)
        harness.advance(.milliseconds(1_100))
        #expect(a.isClosed)
        #expect(outcomes.withLock { $0.count } == 500)
        #expect(outcomes.withLock { $0.allSatisfy { $0 == .busUnavailable } })
        #expect(a.hub.snapshot().openAnswers == 0)
        #expect(!publisher.transport.isPaused)
        #expect(publisher.takeNews().filter { $0.hasPrefix("bus_unavailable") }.count == 200)
    }
}
