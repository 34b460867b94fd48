// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubCore

/// Which loops have subscribers of a topic, and what of that the bus is told.
@Suite("Topic table")
struct TopicTableTests {
    @Test("a publication goes to the loops alone that have subscribers, from a client as from the program")
    func onlySubscribers() throws {
        let hub = HubHarness(shards: 4)
        let subscribers = [hub.connect(to: 1), hub.connect(to: 3)]
        for client in subscribers { try client.subscribe(TopicName("news")) }
        hub.tick()
        hub.connect(to: 0).publish("1", to: try TopicName("news"))
        #expect((0..<4).map(hub.wakeCount(of:)) == [0, 1, 0, 1])
        hub.tick()
        try hub.hub.publish(Frame("2"), to: "news")
        try hub.hub.publish(Frame("3"), to: "nobody")
        #expect((0..<4).map(hub.wakeCount(of:)) == [0, 1, 0, 1])
        hub.tick()
        subscribers[0].unsubscribe(try TopicName("news"))
        try hub.hub.publish(Frame("4"), to: "news")
        #expect((0..<4).map(hub.wakeCount(of:)) == [0, 0, 0, 1])
        hub.hub.broadcast(Frame("5"))
        #expect((0..<4).map { hub.wakeCount(of: $0) > 0 } == [true, true, true, true])
        hub.tick()
        #expect(subscribers.map { $0.takeTexts() } == [["1", "2", "5"], ["1", "2", "4", "5"]])
        hub.expectEmptyAfterAllLeft()
        #expect(hub.hub.topicTable.count == 0)
    }

    @Test("a batch from the bus wakes each loop once, and only where there are subscribers")
    func batches() throws {
        let hub = HubHarness(shards: 3)
        let client = hub.connect(to: 2)
        try client.subscribe(TopicName("news"))
        let batch = try (0..<10).map { number in
            Publication(topic: try TopicName(number % 2 == 0 ? "news" : "x"), opcode: 1, payload: [0x30], ingress: 0)
        }
        #expect(hub.hub.deliver(batch))
        #expect((0..<3).map(hub.wakeCount(of:)) == [0, 0, 1])
        hub.tick()
        #expect(client.take().count == 5)
    }

    @Test("joining and leaving from several threads ends in the truth, and each first and last is told once")
    func threads() throws {
        let table = TopicTable()
        let names = try (0..<50).map { try TopicName("topic \($0)") }
        let workers = (0..<6).map { TopicWorker(shard: $0, table: table, names: names) }
        let threads = workers.map { worker in TestThread { worker.run() } }
        for thread in threads { thread.join() }
        for (index, name) in names.enumerated() {
            let expected = workers.filter { $0.joined.contains(index) }.map(\.shard)
            var found: [Int] = []
            table.shards(of: name).forEach { found.append($0) }
            #expect(found == expected)
            // Firsts and lasts alternate, so that they differ by whether anybody is left.
            let firsts = workers.reduce(0) { $0 + $1.firsts[index] }
            let lasts = workers.reduce(0) { $0 + $1.lasts[index] }
            #expect(firsts - lasts == (expected.isEmpty ? 0 : 1))
        }
        #expect(table.count == names.indices.count { index in workers.contains { $0.joined.contains(index) } })
    }

    @Test("what a burst of topics took is given back when they have left")
    func memory() throws {
        let table = TopicTable()
        let names = try (0..<50_000).map { try TopicName("topic \($0)") }
        for name in names { _ = table.join(name, 0) }
        #expect(table.capacity >= 50_000)
        for name in names.dropFirst(10) { #expect(table.leave(name, 0)) }
        #expect(table.count == 10)
        #expect(table.capacity < 10_000)
    }

    @Test("a topic is pending until it is settled, for loops that join later too, and anew once the last has left")
    func reach() throws {
        let (table, name) = (TopicTable(), try TopicName("news"))
        let first = table.join(name, 3)
        #expect(first.isFirst && first.reach == .pending)
        let second = table.join(name, 200)
        #expect(!second.isFirst && second.reach == .pending)
        #expect(table.settle(name, .unavailable).count == 2)
        #expect(table.join(name, 4).reach == .unavailable)
        #expect(table.settle(name, .confirmed).count == 3)
        #expect(table.join(name, 5).reach == .confirmed)
        for shard in [3, 4, 5] { #expect(!table.leave(name, shard)) }
        #expect(table.leave(name, 200))
        #expect(!table.leave(name, 200))
        #expect(table.settle(name, .confirmed).isEmpty)
        #expect(table.join(name, 3).reach == .pending)
    }

    @Test("the outbox is told of a topic's first subscriber on the node, and of its last, and of no other")
    func interest() throws {
        let outbox = Outbox(shards: 2, Wakeup {})
        let hub = HubHarness(shards: 2, outbox: outbox)
        let name = try TopicName("news")
        let clients = [hub.connect(to: 0), hub.connect(to: 0), hub.connect(to: 1)]
        for client in clients { try client.subscribe(name) }
        #expect(outbox.takeInterest() == [["news"], [], []])
        #expect(hub.hub.wants(name))
        clients[0].unsubscribe(name)
        clients[1].vanish()
        #expect(outbox.takeInterest() == [[], [], []])
        clients[2].vanish()
        #expect(outbox.takeInterest() == [[], ["news"], []])
        #expect(!hub.hub.wants(name))
    }
}

extension Outbox {
    /// Takes what waits, the topics of interest alone, a list for each mailbox.
    fileprivate func takeInterest() -> [[String]] {
        (0..<mailboxCount).map { mailbox in
            takeCommands(of: mailbox).compactMap { if case .interest(let topic) = $0 { topic.text } else { nil } }
        }
    }
}

/// One loop that joins and leaves at random; used by its thread, and by the test once that has ended.
private final class TopicWorker: @unchecked Sendable {
    let shard: Int
    private let table: TopicTable
    private let names: [TopicName]
    private(set) var joined: Set<Int> = []
    private(set) var firsts: [Int]
    private(set) var lasts: [Int]

    init(shard: Int, table: TopicTable, names: [TopicName]) {
        self.shard = shard
        self.table = table
        self.names = names
        (firsts, lasts) = (names.map { _ in 0 }, names.map { _ in 0 })
    }

    func run() {
        var random = SplitMix64(seed: UInt64(shard))
        for _ in 0..<5_000 {
            let index = Int.random(in: names.indices, using: &random)
            if joined.remove(index) == nil {
                joined.insert(index)
                if table.join(names[index], shard).isFirst { firsts[index] += 1 }
            } else if table.leave(names[index], shard) {
                lasts[index] += 1
            }
        }
    }
}
