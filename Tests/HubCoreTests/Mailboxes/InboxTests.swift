// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

/// What other threads ask of a loop, and how often they wake it.
@Suite("Inbox")
struct InboxTests {
    @Test("a batch of requests wakes its loop once, and the next batch once more")
    func wakes() throws {
        let hub = HubHarness(shards: 2)
        let client = hub.connect(to: 1)
        for _ in 0..<2 {
            #expect(hub.wakeCount(of: 0) == 0)
            #expect(hub.wakeCount(of: 1) == 0)
            for _ in 0..<100 { try hub.hub.push(Frame("x"), to: client.id) }
            #expect(hub.wakeCount(of: 0) == 0)
            #expect(hub.wakeCount(of: 1) == 1)
            hub.hub.broadcast(Frame("all"))
            #expect(hub.wakeCount(of: 0) == 1)
            #expect(hub.wakeCount(of: 1) == 1)
            hub.tick()
        }
    }

    @Test("a request that a request causes is not lost")
    func nested() throws {
        let hub = HubHarness()
        let client = hub.connect()
        let (shared, id) = (hub.hub, client.id)
        client.transport.duringWrite = { [unowned client] in
            guard client.transport.frames.count < 5 else { return }
            do { try shared.push(Frame("next"), to: id) } catch { Issue.record(error) }
        }
        try shared.push(Frame("first"), to: id)
        hub.tick()
        #expect(client.take().count == 6)
        hub.expectBalanced()
    }

    @Test("what is to be done behind the inbox comes after all that was published before, here and elsewhere")
    func marks() throws {
        let hub = HubHarness(shards: 2)
        let (there, here) = (hub.connect(to: 0), hub.connect(to: 1))
        let client = hub.connect(to: 1)
        for number in 0..<5 { there.publish("\(number)", to: .broadcast) }
        here.publish("5", to: .broadcast)
        hub.shards[1].whenTakenIn { client.send(#"{"message_id":1,"message_type":"ping"}"#) }
        there.publish("6", to: .broadcast)
        while hub.shards[1].tick(until: hub.now) {}
        hub.tick()
        let texts = client.takeTexts()
        // What came here at once is delivered first.
        #expect(texts.filter { $0.count == 1 }.sorted() == (0..<7).map(String.init))
        #expect(texts.firstIndex { $0.contains("pong") } == 6)
        #expect(texts.last == "6")
        hub.expectBalanced()
    }

    @Test("clients on all shards are counted together")
    func count() {
        let hub = HubHarness(shards: 3)
        let clients = (0..<10).map { hub.connect(to: $0 % 3) }
        #expect(hub.hub.clientCount == 10)
        clients[4].vanish()
        #expect(hub.hub.clientCount == 9)
        #expect(hub.shards.map { $0.snapshot().registered } == [4, 2, 3])
    }
}
