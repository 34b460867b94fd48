// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubTesting
import HubWire
import Testing

@testable import HubBridge

/// What is lost between nodes is told, and what comes twice is delivered once.
@Suite("Gaps between nodes")
struct GapTests {
    let harness = BridgeHarness()
    let topic: BusTopic

    init() throws { topic = BusTopic(try TopicName("news")) }

    private func subscriber() -> (BridgeHarness.Node, FakeClient) {
        let node = harness.serve("a")
        let client = node.hub.connect()
        client.askSubscribe()
        harness.settle()
        _ = client.take()
        return (node, client)
    }

    @Test("a number that no node can have reached counts for no more than four thousand million lost ones")
    func nonsense() {
        let (node, client) = subscriber()
        let stranger = Stranger(harness)
        stranger.publish("1", to: topic, 1)
        stranger.publish("2", to: topic, .max)
        harness.settle()
        #expect(client.take().count == 2)
        #expect(node.bus("gap_messages_total") == 1 << 32)
    }

    @Test("a node's own copies come back, are measured, and are not delivered again")
    func ownCopies() {
        let (node, client) = subscriber()
        let before = node.bus("transit_seconds_count")
        client.askPublish("1")
        client.askBroadcast("2")
        harness.settle()
        #expect(client.takePayloads().sorted() == ["1", "2"])
        #expect(node.bus("transit_seconds_count") == before + 2)
        #expect(node.bus("gap_messages_total") == 0)
        #expect(node.bus("duplicates_total") == 0)
        #expect(node.hub.imbalance() == nil)
    }

    @Test("a hole is counted, and logged with origin, topics and size; what follows it is delivered")
    func holes() throws {
        let (node, client) = subscriber()
        let stranger = Stranger(harness)
        stranger.publish("1", to: topic, 1)
        stranger.publish("4", to: topic, 4)
        stranger.publish("9", to: .broadcast, 9)
        stranger.publish("11", to: .broadcast, 11)
        harness.advance(.seconds(2))
        #expect(client.takeNews() == ["1", "4", "9", "11"])
        #expect(node.bus("gap_messages_total") == 3)
        let records = node.logged("were lost on the bus")
        #expect(records.allSatisfy { $0["origin"] == .string("stranger") && $0.level == .warning })
        #expect(records.count == 2)
        #expect(records.first?["messages"] == 2)
        #expect(records.first?["topics"] == 1)
        #expect(records.first?["topic"] == .string("topic/news"))
    }

    @Test("losses of a second are told in one line, with the number of their topics")
    func oneLine() {
        let (node, client) = subscriber()
        client.askSubscribe("other")
        harness.settle()
        let stranger = Stranger(harness)
        for sequence in [1, 3, 5] as [UInt64] {
            for name in ["topic/news", "topic/other"] { stranger.publish("0", to: name.busTopic, sequence) }
        }
        // The first loss is told at once, the others together.
        harness.advance(.seconds(3))
        let records = node.logged("were lost on the bus")
        #expect(records.count == 2)
        #expect(records.last?["messages"] == 3)
        #expect(records.last?["topics"] == 2)
        #expect(node.bus("gap_messages_total") == 4)
    }

    @Test("of many origins a few are told of in a second, and the others together")
    func manyOrigins() {
        let log = MemorySink()
        var gaps = GapLog(Logger(sink: log))
        let origins = UInt64(GapLog.apart) + 10
        for _ in 0..<2 {
            for origin in 1...origins { gaps.lost(1, of: origin, "stranger", on: .broadcast) }
        }
        gaps.tell(1)
        #expect(log.records.count == GapLog.apart + 1)
        #expect(log.records.dropLast().allSatisfy { $0["messages"] == 2 })
        #expect(log.records.last?["origins"] == 10 && log.records.last?["messages"] == 20)
        for origin in 1...UInt64(Membership.limit) + 10 { gaps.lost(1, of: origin, "stranger", on: .broadcast) }
        gaps.tell(.max)
        #expect(log.records.count == 2 * (GapLog.apart + 1))
        #expect(log.records.last?["origins"] == 1008)
    }

    @Test("each is told by itself at debug, with its topic")
    func debug() {
        let log = MemorySink()
        var gaps = GapLog(Logger(level: .debug, sink: log))
        gaps.lost(1, of: 1, "a", on: .broadcast)
        gaps.lost(2, of: 1, "a", on: "topic/news".busTopic)
        #expect(log.records.map { $0["topic"] } == ["broadcast", "topic/news"])
        #expect(log.records.map { $0["messages"] } == [1, 2])
    }

    @Test("what comes again is counted and not delivered")
    func duplicates() {
        let (node, client) = subscriber()
        let stranger = Stranger(harness)
        for sequence in [1, 2, 2, 1, 3] as [UInt64] { stranger.publish("\(sequence)", to: topic, sequence) }
        #expect(client.takeNews() == ["1", "2", "3"])
        #expect(node.bus("duplicates_total") == 2)
        #expect(node.bus("gap_messages_total") == 0)
    }

    @Test("a lost tail of broadcasts, or of what was for one node, is found by the heads of the heartbeats")
    func tail() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let (here, there) = (a.hub.connect(), b.hub.connect())
        there.askBroadcast("1")
        there.askUnicast("2", to: here.id)
        harness.settle()
        #expect(here.takePayloads().sorted() == ["1", "2"])
        harness.fail(.losing)
        for _ in 0..<3 { there.askBroadcast("1") }
        there.askUnicast("2", to: here.id)
        harness.settle()
        harness.fail(.none)
        #expect(a.bus("gap_messages_total") == 0)
        harness.advance(.seconds(12))
        #expect(a.bus("gap_messages_total") == 4)
        #expect(here.takePayloads() == [])
        harness.advance(.seconds(12))
        #expect(a.bus("gap_messages_total") == 4)
        #expect(b.bus("gap_messages_total") == 0)
    }

    @Test("broadcasts that the words of their node have overtaken are no loss, and arrive", arguments: [true, false])
    func overtaken(isOrdered: Bool) {
        var options = MemoryBroker.Options()
        options.isOrdered = isOrdered
        let harness = BridgeHarness(options)
        let node = harness.serve("a")
        let client = node.hub.connect()
        let stranger = Stranger(harness)
        stranger.publish("1", to: .broadcast, 1)
        for head in [3, 5] as [UInt64] {
            stranger.announce { $0.heads[.broadcast] = SequenceBook.Position(epoch: 1, sequence: head) }
        }
        for sequence in 2...5 as ClosedRange<UInt64> { stranger.publish("\(sequence)", to: .broadcast, sequence) }
        #expect(client.takeNews() == (isOrdered ? ["1", "4", "5"] : ["1", "2", "3", "4", "5"]))
        #expect(node.bus("gap_messages_total") == (isOrdered ? 2 : 0))
    }

    @Test("what was published while nobody wanted the topic is no gap")
    func interestCameBack() {
        let (node, client) = subscriber()
        let other = harness.serve("b").hub.connect()
        other.askPublish("1")
        harness.settle()
        client.askUnsubscribe()
        harness.advance(.milliseconds(1_200))
        for _ in 0..<5 { other.askPublish("2") }
        harness.settle()
        client.askSubscribe()
        harness.settle()
        other.askPublish("3")
        harness.settle()
        #expect(client.takePayloads() == ["1", "3"])
        #expect(node.bus("gap_messages_total") == 0)
    }

    @Test("what was on its way when the interest ended makes no gap either", arguments: [false, true])
    func onItsWay(isWantedAgain: Bool) {
        let (node, client) = subscriber()
        let stranger = Stranger(harness)
        stranger.publish("1", to: topic, 1)
        client.askUnsubscribe()
        harness.advance(.milliseconds(900))
        harness.fail(.frozen)
        stranger.publish("2", to: topic, 2)
        harness.advance(.milliseconds(200))
        if isWantedAgain { client.askSubscribe() }
        harness.settle()
        harness.fail(.none)
        if !isWantedAgain { client.askSubscribe() }
        harness.settle()
        stranger.publish("9", to: topic, 9)
        let news = client.takeNews().filter { !$0.contains("subscribed") }
        #expect(news == (isWantedAgain ? ["1", "2", "9"] : ["1", "9"]))
        #expect(node.bus("gap_messages_total") == 0)
        stranger.publish("11", to: topic, 11)
        #expect(node.bus("gap_messages_total") == 1)
    }

    @Test("a node that starts anew counts from 1, which is neither gap nor duplicate")
    func restart() {
        let (node, client) = subscriber()
        let (before, after) = (Stranger(harness, incarnation: 1), Stranger(harness, incarnation: 2))
        for sequence in 1...5 as ClosedRange<UInt64> { before.publish("x", to: topic, sequence) }
        after.publish("y", to: topic, 1)
        #expect(client.takeNews() == ["x", "x", "x", "x", "x", "y"])
        #expect(node.bus("gap_messages_total") == 0)
        #expect(node.bus("duplicates_total") == 0)
    }

    @Test("what others published while this node was away is a gap")
    func away() {
        let (node, client) = subscriber()
        let stranger = Stranger(harness)
        stranger.publish("1", to: topic, 1)
        harness.fail(.down)
        harness.recover()
        stranger.publish("5", to: topic, 5)
        #expect(client.takeNews() == ["1", "5"])
        #expect(node.bus("gap_messages_total") == 3)
    }

    @Test("a message that comes after the heartbeat that announced it is delivered")
    func headFirst() {
        let (node, client) = subscriber()
        let stranger = Stranger(harness)
        stranger.announce { $0.heads[.broadcast] = SequenceBook.Position(epoch: 1, sequence: 3) }
        stranger.publish("2", to: .broadcast, 2)
        stranger.publish("3", to: .broadcast, 3)
        #expect(client.takeNews() == ["2", "3"])
        #expect(node.bus("duplicates_total") == 0)
    }
}

extension String {
    /// The name on the bus that this is.
    var busTopic: BusTopic {
        var text = self
        return text.withUTF8 { BusTopic(UnsafeRawBufferPointer($0)) } ?? .nodes
    }
}
