// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Synchronization
import Testing

/// `push`: an answer at once, and a completion exactly once.
@Suite("Push")
struct PushTests {
    @Test("a push reaches its client and nobody else", arguments: [1, 2, 3])
    func target(shards: Int) throws {
        let hub = HubHarness(shards: shards)
        let clients = (0..<6).map { hub.connect(to: $0 % shards) }
        try hub.hub.push(Frame("you"), to: clients[4].id)
        hub.tick()
        for (index, client) in clients.enumerated() {
            #expect(client.take() == (index == 4 ? [.text("you")] : []))
        }
        #expect(hub.snapshot().ledger.written(.client) == 1)
        hub.expectBalanced()
    }

    @Test("an id that nobody has is not found, and counted")
    func unknown() throws {
        let hub = HubHarness(shards: 2)
        let (client, gone) = (hub.connect(), hub.connect(to: 1))
        gone.vanish()
        var random = SplitMix64(seed: 1)
        let never = ClientID(unixMilliseconds: 0, using: &random)
        for id in [gone.id, never] {
            let outcomes = Outcomes()
            #expect(throws: HubError.clientNotFound) {
                try hub.hub.push(Frame("x"), to: id, completion: outcomes.recorder(0))
            }
            #expect(outcomes.all.isEmpty)
        }
        hub.tick()
        #expect(client.take().isEmpty)
        #expect(hub.hub.refusedPushes(.clientNotFound) == 2)
        #expect(hub.hub.refusedPushes(.sendBufferFull) == 0)
        hub.expectBalanced()
    }

    @Test("before its loop ticks, a client takes pushes up to its limit of messages", arguments: [1, 2, 256])
    func messageLimit(limit: Int) throws {
        let hub = HubHarness(settings: settings(messages: limit))
        let client = hub.connect()
        for round in 0..<3 {
            for number in 0..<limit { try hub.hub.push(Frame("\(round) \(number)"), to: client.id) }
            #expect(throws: HubError.sendBufferFull) { try hub.hub.push(Frame("over"), to: client.id) }
            hub.tick()
            #expect(client.takeTexts() == (0..<limit).map { "\(round) \($0)" })
        }
        #expect(hub.hub.refusedPushes(.sendBufferFull) == 3)
        hub.expectBalanced()
    }

    @Test("before its loop ticks, a client takes pushes up to its limit of bytes, or one that is larger")
    func byteLimit() throws {
        let hub = HubHarness(settings: settings(bytes: 1_000))
        let client = hub.connect()
        try hub.hub.push(.binary(Array(repeating: 1, count: 986)), to: client.id)
        #expect(throws: HubError.sendBufferFull) {
            try hub.hub.push(.binary(Array(repeating: 2, count: 9)), to: client.id)
        }
        try hub.hub.push(.binary(Array(repeating: 3, count: 8)), to: client.id)
        hub.tick()
        try hub.hub.push(.binary(Array(repeating: 4, count: 5_000)), to: client.id)
        #expect(throws: HubError.sendBufferFull) { try hub.hub.push(.binary([]), to: client.id) }
        hub.tick()
        #expect(client.take().count == 3)
        hub.expectBalanced()
    }

    @Test("what waits in a blocked client's queue counts against its pushes", arguments: SlowClientPolicy.allCases)
    func blocked(policy: SlowClientPolicy) throws {
        let hub = HubHarness(settings: settings(messages: 4, policy: policy))
        let client = hub.connect()
        client.block()
        for number in 0..<3 { hub.hub.broadcast(Frame("\(number)")) }
        hub.tick()
        try hub.hub.push(Frame("pushed"), to: client.id)
        #expect(throws: HubError.sendBufferFull) { try hub.hub.push(Frame("over"), to: client.id) }
        hub.tick()
        #expect(throws: HubError.sendBufferFull) { try hub.hub.push(Frame("over"), to: client.id) }
        client.unblock()
        try hub.hub.push(Frame("again"), to: client.id)
        hub.tick()
        #expect(client.takeTexts() == ["0", "1", "2", "pushed", "again"])
        #expect(hub.snapshot().slowDrops == 0)
        #expect(hub.snapshot().slowDisconnects == 0)
        hub.expectBalanced()
    }

    @Test("the bytes that wait count against pushes too, those of other tables do not")
    func blockedBytes() throws {
        let hub = HubHarness(settings: settings(bytes: 100))
        let client = hub.connect()
        client.block(after: 10)
        hub.hub.broadcast(Frame(textOfFrame("a", byteCount: 60)))
        hub.tick()
        #expect(throws: HubError.sendBufferFull) {
            try hub.hub.push(.binary(Array(repeating: 1, count: 49)), to: client.id)
        }
        try hub.hub.push(.binary(Array(repeating: 1, count: 48)), to: client.id)
        hub.tick()
        #expect(hub.snapshot().queuedBytes == 100)
        client.unblock()
        #expect(client.take().count == 2)
    }

    @Test("a push while its client's loop is writing finds the room that is left, not what was left before")
    func duringWrite() throws {
        let hub = HubHarness(settings: settings(messages: 4))
        let client = hub.connect()
        client.block()
        for number in 0..<4 { try hub.hub.push(Frame("\(number)"), to: client.id) }
        let (shared, id) = (hub.hub, client.id)
        var refusals = 0
        client.transport.duringWrite = {
            for _ in 0..<4 {
                do { try shared.push(Frame("meanwhile"), to: id) } catch { refusals += 1 }
            }
        }
        hub.tick()
        client.transport.duringWrite = nil
        hub.tick()
        #expect(refusals == 4)
        #expect(hub.snapshot().queuedMessages == 4)
    }

    @Test("pushes that meet a fan-out in one tick never make a queue longer than twice its limit")
    func bound() throws {
        let hub = HubHarness(settings: settings(messages: 4, policy: .dropOldest))
        let client = hub.connect()
        client.block()
        for _ in 0..<50 {
            for _ in 0..<6 { try? hub.hub.push(Frame("push"), to: client.id) }
            for _ in 0..<6 { hub.hub.broadcast(Frame("all")) }
            hub.tick()
            #expect(hub.snapshot().queuedMessages <= 8)
        }
        client.unblock()
        hub.expectBalanced()
        hub.expectEmptyAfterAllLeft()
    }

    // MARK: Completions

    @Test("a completion is called once, when the last byte of its frame is taken")
    func written() throws {
        let hub = HubHarness()
        let client = hub.connect()
        let outcomes = Outcomes()
        client.block(after: 6)
        try hub.hub.push(Frame("abc"), to: client.id, completion: outcomes.recorder(0))
        try hub.hub.push(Frame("def"), to: client.id, completion: outcomes.recorder(1))
        #expect(outcomes.all.isEmpty)
        hub.tick()
        #expect(outcomes.all == [0: [nil]])
        client.unblock(3)
        #expect(outcomes.all == [0: [nil]])
        client.unblock()
        #expect(outcomes.all == [0: [nil], 1: [nil]])
        hub.tick()
        hub.expectEmptyAfterAllLeft()
        #expect(outcomes.all == [0: [nil], 1: [nil]])
    }

    enum End: CaseIterable {
        case vanishes, isKicked, isSlow, breaks, vanishesBeforeLanding, isDoomedBeforeLanding
    }

    @Test("a completion learns once that the connection ended first", arguments: End.allCases, [0, 3])
    func ended(end: End, cut: Int) throws {
        let hub = HubHarness(settings: settings(messages: 3))
        let client = hub.connect()
        let outcomes = Outcomes()
        client.block(after: cut)
        if end == .isDoomedBeforeLanding { try hub.hub.disconnect(client.id) }
        for number in 0..<3 {
            try hub.hub.push(Frame("\(number)abcd"), to: client.id, completion: outcomes.recorder(number))
        }
        if end != .vanishesBeforeLanding { hub.tick() }
        switch end {
        case .vanishes, .vanishesBeforeLanding: client.vanish()
        case .isKicked:
            try hub.hub.disconnect(client.id)
            hub.tick()
            #expect(outcomes.all.isEmpty)
            client.vanish()
        case .isSlow:
            hub.hub.broadcast(Frame("over"))
            hub.tick()
            #expect(outcomes.all.count == (cut == 0 ? 3 : 2))
            client.vanish()
        case .breaks:
            client.transport.isBroken = true
            client.unblock()
        case .isDoomedBeforeLanding: break
        }
        hub.tick()
        #expect(outcomes.all == [0: [.connectionClosed], 1: [.connectionClosed], 2: [.connectionClosed]])
        hub.expectBalanced()
        hub.expectEmptyAfterAllLeft()
        #expect(outcomes.all.count == 3)
        #expect(outcomes.all.values.allSatisfy { $0.count == 1 })
        #expect(hub.snapshot().ledger.written(.client) == 0)
    }

    @Test("a push that drop_oldest gives up learns that the queue was full, one that is half written goes on")
    func dropped() throws {
        let hub = HubHarness(settings: settings(messages: 3, policy: .dropOldest))
        let client = hub.connect()
        let outcomes = Outcomes()
        client.block(after: 3)
        for number in 0..<3 {
            try hub.hub.push(Frame("\(number)abcd"), to: client.id, completion: outcomes.recorder(number))
        }
        hub.tick()
        hub.hub.broadcast(Frame("all"))
        hub.tick()
        #expect(outcomes.all == [1: [.sendBufferFull]])
        client.unblock()
        #expect(outcomes.all == [0: [nil], 1: [.sendBufferFull], 2: [nil]])
        #expect(client.takeTexts() == ["0abcd", "2abcd", "all"])
        hub.expectBalanced()
    }

    @Test("a completion may push again")
    func again() throws {
        let hub = HubHarness()
        let client = hub.connect()
        let (shared, id) = (hub.hub, client.id)
        let outcomes = Outcomes()
        try shared.push(Frame("1"), to: id) { first in
            outcomes.record(1, first)
            do throws(HubError) {
                try shared.push(Frame("2"), to: id, completion: outcomes.recorder(2))
            } catch {
                outcomes.record(2, error)
            }
        }
        hub.tick()
        #expect(client.takeTexts() == ["1", "2"])
        #expect(outcomes.all == [1: [nil], 2: [nil]])
    }

    @Test("a hub that ends answers those whose pushes wait in a queue or have not landed")
    func hubEnds() throws {
        let outcomes = Outcomes()
        do {
            let hub = HubHarness(shards: 2)
            for shard in 0..<2 {
                let client = hub.connect(to: shard)
                client.block(after: 3)
                try hub.hub.push(Frame("queued"), to: client.id, completion: outcomes.recorder(2 * shard))
                client.publish("queued", to: .broadcast)
                hub.tick()
                client.publish("pending", to: .broadcast)
                try hub.hub.push(Frame("not landed"), to: client.id, completion: outcomes.recorder(2 * shard + 1))
            }
            #expect(outcomes.all.isEmpty)
        }
        #expect(
            outcomes.all == [
                0: [.connectionClosed], 1: [.connectionClosed], 2: [.connectionClosed], 3: [.connectionClosed],
            ]
        )
    }

    // MARK: Waiting

    @Test("pushAndWait returns once the frame is written")
    func waitsForWrite() async throws {
        let hub = HubHarness()
        let client = hub.connect()
        let (shared, id) = (hub.hub, client.id)
        async let pushed: Void = shared.pushAndWait(Frame("x"), to: id)
        await hub.waitForWake()
        hub.tick()
        try await pushed
        #expect(client.takeTexts() == ["x"])
    }

    @Test("pushAndWait throws when the connection ends first")
    func waitsForEnd() async throws {
        let hub = HubHarness()
        let client = hub.connect()
        client.block()
        let (shared, id) = (hub.hub, client.id)
        let pushed = Task { try await shared.pushAndWait(Frame("x"), to: id) }
        await hub.waitForWake()
        hub.tick()
        client.vanish()
        await #expect(throws: HubError.connectionClosed) { try await pushed.value }
        hub.expectBalanced()
    }

    @Test("pushAndWait throws at once what push throws")
    func waitsForNothing() async throws {
        let hub = HubHarness(settings: settings(messages: 1))
        let (client, gone) = (hub.connect(), hub.connect())
        gone.vanish()
        try hub.hub.push(Frame("first"), to: client.id)
        let (shared, ids) = (hub.hub, (client.id, gone.id))
        await #expect(throws: HubError.sendBufferFull) { try await shared.pushAndWait(Frame("x"), to: ids.0) }
        await #expect(throws: HubError.clientNotFound) { try await shared.pushAndWait(Frame("x"), to: ids.1) }
        #expect(hub.hub.refusedPushes(.sendBufferFull) == 1)
        #expect(hub.hub.refusedPushes(.clientNotFound) == 1)
    }
}

extension HubHarness {
    /// Lets other tasks run until one of them has asked something of the first shard.
    fileprivate func waitForWake() async {
        while wakeCount(of: 0) == 0 { await Task.yield() }
    }
}
