// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// Rule 7: whoever goes leaves nothing behind.
@Suite("Leaving")
struct LeavingTests {
    @Test("10 000 clients come, subscribe and vanish in random order, and every table is empty", arguments: [1, 3])
    func churn(shards: Int) throws {
        var random = SplitMix64(seed: 7)
        let hub = HubHarness(shards: shards)
        let names = try (0..<500).map { try TopicName("topic\($0)") }
        var clients: [FakeClient] = []
        for index in 0..<10_000 {
            let client = hub.connect(to: index % shards)
            for _ in 0..<4 { try client.subscribe(names[Int.random(in: 0..<500, using: &random)]) }
            clients.append(client)
        }
        let full = hub.snapshot()
        #expect(full.registered == 10_000)
        #expect(hub.hub.clientCount == 10_000)
        #expect(full.subscriptions > 39_000)
        hub.hub.broadcast(Frame("all"))
        clients.shuffle(using: &random)
        for (index, client) in clients.enumerated() {
            // Some leave with a full queue, some while something is pending, some after being thrown out.
            switch index % 4 {
            case 0: client.publish("bye", to: names[index % 500])
            case 1: client.block()
            case 2: try hub.hub.disconnect(client.id)
            default: break
            }
            if index % 100 == 0 { hub.tick() }
            client.vanish()
        }
        hub.tick()
        let left = hub.leftovers()
        #expect(left == nil)
        hub.expectBalanced()
        for client in clients {
            #expect(throws: HubError.clientNotFound) { try hub.hub.push(Frame("x"), to: client.id) }
        }
    }

    @Test("places of the gone are used again, and a handle of the gone does not mean the new one")
    func reuse() throws {
        let hub = HubHarness()
        let old = hub.connect()
        try hub.hub.push(Frame("for the old one"), to: old.id)
        try hub.hub.disconnect(old.id)
        old.vanish()
        let new = hub.connect()
        hub.tick()
        #expect(new.take().isEmpty)
        #expect(old.take().isEmpty)
        #expect(hub.snapshot().registered == 1)
        #expect(hub.snapshot().attached == 1)
        #expect(new.isAttached)
        #expect(new.transport.closings.isEmpty)
        hub.expectBalanced()
    }

    @Test("detaching twice, or after closing began, is detaching once", arguments: [true, false])
    func twice(closing: Bool) throws {
        let hub = HubHarness()
        let (client, other) = (hub.connect(), hub.connect())
        try client.subscribe(TopicName("news"))
        if closing { hub.shards[0].beginClosing(client.client, .drain) }
        hub.shards[0].detach(client.client)
        hub.shards[0].detach(client.client)
        hub.tick()
        hub.shards[0].detach(client.client)
        hub.shards[0].beginClosing(client.client, .drain)
        let third = hub.connect()
        #expect(hub.snapshot().attached == 2)
        #expect(hub.hub.clientCount == 2)
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        #expect(other.takeTexts() == ["all"])
        #expect(third.takeTexts() == ["all"])
    }

    @Test("registering twice, or after closing began, does nothing")
    func registerTwice() {
        let hub = HubHarness()
        let (client, closing) = (hub.connect(), FakeClient(hub.shards[0], receiver: hub.receiver))
        hub.shards[0].register(client.client)
        hub.shards[0].beginClosing(closing.client, .drain)
        hub.shards[0].register(closing.client)
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        #expect(client.takeTexts() == ["all"])
        #expect(hub.snapshot().registered == 1)
        #expect(hub.hub.clientCount == 1)
        closing.vanish()
    }

    @Test("disconnect closes with its reason at the next tick, and an unknown id is an error")
    func disconnect() throws {
        let hub = HubHarness(shards: 2)
        let (client, other) = (hub.connect(to: 1), hub.connect(to: 1))
        try hub.hub.push(Frame("last"), to: client.id)
        try hub.hub.disconnect(client.id)
        try hub.hub.disconnect(client.id, .drain)
        hub.tick()
        #expect(client.take() == [.text("last"), .close(1008, "disconnected by the server")])
        #expect(client.transport.closings == [.kicked])
        #expect(!client.client.isRegistered)
        #expect(throws: HubError.clientNotFound) { try hub.hub.disconnect(client.id) }
        #expect(other.transport.closings.isEmpty)
        hub.expectEmptyAfterAllLeft()
    }

    @Test("when a connection is asked to end, its deliveries have ended already")
    func endsBeforeClose() throws {
        let hub = HubHarness()
        let client = hub.connect()
        try client.subscribe(TopicName("news"))
        var seen: [String] = []
        client.transport.onClose = { [unowned client, unowned hub] reason in
            let tables = hub.snapshot()
            seen.append("\(reason) \(client.client.isRegistered) \(tables.registered) \(tables.subscriptions)")
        }
        try hub.hub.disconnect(client.id)
        hub.tick()
        #expect(seen == ["kicked false 0 0"])
        #expect(hub.hub.clientCount == 0)
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        #expect(client.take().isEmpty)
    }

    @Test("a client that is gone is not asked to close", arguments: [true, false])
    func goneNotClosed(byFailure: Bool) throws {
        let hub = HubHarness()
        let client = hub.connect()
        client.block()
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        if byFailure {
            // The socket breaks between ticks: the write fails, then the connection notices and is gone.
            client.transport.isBroken = true
            client.unblock()
        } else {
            hub.shards[0].markForClosing(client.client, .kicked)
        }
        client.vanish()
        hub.tick()
        #expect(client.transport.closings.isEmpty)
        #expect(hub.leftovers() == nil)
        hub.expectBalanced()
    }

    @Test("a broken socket ends its client at the end of the tick and no other")
    func writeError() throws {
        let hub = HubHarness()
        let clients = (0..<3).map { _ in hub.connect() }
        clients[1].transport.isBroken = true
        hub.hub.broadcast(Frame("1"))
        hub.hub.broadcast(Frame("2"))
        hub.tick()
        #expect(clients[1].transport.closings == [.writeError])
        #expect(!clients[1].isAttached)
        #expect(clients[0].takeTexts() == ["1", "2"])
        #expect(clients[2].takeTexts() == ["1", "2"])
        let ledger = hub.snapshot().ledger
        #expect(ledger.dropped(.broadcast, .writeError) == 2)
        #expect(ledger.dropped(.broadcast, .closed) == 0)
        #expect(hub.hub.clientCount == 2)
        hub.expectBalanced()
    }
}
