// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubTesting
import Testing

@testable import HubBus

/// A node's way to its bus, over an adapter that the test answers for.
@Suite("Bus link")
struct BusLinkTests {
    @Test("subscribes to everything, sends itself a message, and lets publications flow when that is back")
    func start() {
        let harness = LinkHarness()
        harness.link.interest.want(.broadcast)
        harness.link.interest.want(prefix: "unicast/")
        harness.start()
        #expect(harness.bus.takeCalls() == [.start, .connect])
        harness.publish()
        #expect(harness.codes == [[.disconnected]])
        harness.link.link(.authenticating)
        harness.link.link(.connected)
        guard case .want(let steps, 3) = harness.bus.takeCalls().first else {
            Issue.record("does not subscribe")
            return
        }
        #expect(Set(steps) == ["+broadcast", "+unicast/*", "+node/me"])
        harness.link.confirmed(3)
        harness.tick()
        #expect(harness.bus.takeCalls() == [.publish([1])])
        #expect(!harness.link.isReady && harness.sink.flows == [])
        harness.echoProbe()
        harness.tick()
        #expect(harness.link.isReady && harness.sink.flows == [true])
        harness.publish()
        harness.tick()
        #expect(harness.bus.takeCalls() == [.publish([2])])
    }

    @Test("hands over in one batch what a tick gathered, and tells each publication its own answer")
    func batches() {
        let harness = LinkHarness()
        harness.becomeReady()
        for _ in 0..<3 { harness.publish() }
        #expect(harness.bus.takeCalls() == [])
        harness.tick()
        #expect(harness.bus.takeCalls() == [.publish([2, 3, 4])])
        harness.link.settled(4, nil)
        harness.link.settled(2, BusError(.rejected, "no"))
        #expect(harness.codes == [[.rejected], [], [nil]])
        #expect(!harness.link.isSettled)
        harness.link.settled(3, nil)
        #expect(harness.codes == [[.rejected], [nil], [nil]])
        #expect(harness.link.isSettled)
        // What comes twice, or was never asked, has no effect.
        for id in [2, 3, 4, 5, 99, 0] as [UInt64] { harness.link.settled(id, nil) }
        #expect(harness.answers.count == 3)
    }

    @Test("refuses a topic without a name at once, and sends nothing", arguments: ["topic/", "unicast/", "node/"])
    func emptyTopic(name: String) throws {
        let harness = LinkHarness()
        harness.becomeReady()
        var name = name
        harness.publish(try #require(name.withUTF8 { BusTopic(UnsafeRawBufferPointer($0)) }))
        #expect(harness.codes == [[.topicEmpty]])
        #expect(harness.link.isSettled)
        harness.tick()
        #expect(harness.bus.takeCalls() == [])
        #expect(try harness.value("publish_failures_total", ["reason": "rejected"]) == 1)
    }

    @Test("gives a publication up at its deadline, and not before; its late answer counts for nothing")
    func deadlines() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.tick(after: .milliseconds(10))
        harness.publish()
        harness.tick()
        #expect(harness.wait == .milliseconds(40))
        harness.tick(after: .nanoseconds(39_999_999))
        #expect(harness.codes == [[], []])
        harness.tick(after: .nanoseconds(1))
        #expect(harness.codes == [[.timeout], []])
        #expect(harness.wait == .milliseconds(10))
        harness.link.settled(2, nil)
        harness.link.settled(3, nil)
        #expect(harness.codes == [[.timeout], [nil]])
    }

    @Test("has room for 4096 publications, and for 4 MiB of them")
    func bounds() {
        let harness = LinkHarness()
        harness.becomeReady()
        for _ in 0..<4095 { harness.publish() }
        #expect(harness.link.hasRoom)
        harness.publish()
        #expect(!harness.link.hasRoom)
        harness.tick()
        harness.link.settled(100, nil)
        #expect(harness.link.hasRoom)
        for id in 2...4097 as ClosedRange<UInt64> { harness.link.settled(id, nil) }
        #expect(harness.link.isSettled)
        harness.publish(bytes: (4 << 20) - 1)
        #expect(harness.link.hasRoom)
        harness.publish(bytes: 1)
        #expect(!harness.link.hasRoom)
        harness.tick(after: .milliseconds(50))
        #expect(harness.link.hasRoom)
        #expect(harness.codes.suffix(2) == [[.timeout], [.timeout]])
    }

    @Test("tells changes of interest at the end of the tick, and everything to a server that knows nothing")
    func interests() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.link.interest.want(.broadcast)
        harness.link.interest.want(.nodes)
        harness.link.interest.drop(.nodes)
        #expect(harness.bus.takeCalls() == [])
        harness.tick()
        #expect(harness.bus.takeCalls() == [.want(["+broadcast", "+nodes", "-nodes"], generation: 4)])
        harness.link.confirmed(4)
        #expect(harness.sink.confirmed == [1, 4])
        harness.lose()
        harness.link.interest.want(.nodes)
        harness.link.interest.drop(.broadcast)
        harness.tick()
        #expect(harness.bus.takeCalls().allSatisfy { $0 == .connect })
        if harness.wait > .zero { harness.tick(after: harness.wait) }
        harness.link.link(.connected)
        let wanted = harness.bus.takeCalls().compactMap { call -> Set<String>? in
            if case .want(let steps, 6) = call { Set(steps) } else { nil }
        }
        #expect(wanted == [["+node/me", "+nodes"]])
        harness.link.interest.want(.node("x"))
        harness.tick()
        #expect(harness.bus.takeCalls() == [.want(["+node/x"], generation: 7)])
    }

    @Test("answers what was under way when the connection breaks, and goes on with new numbers")
    func breaks() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.publish()
        harness.lose()
        #expect(harness.codes == [[.disconnected], [.disconnected]])
        #expect(harness.sink.flows == [true, false])
        harness.publish()
        #expect(harness.codes.last == [.disconnected])
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.link.settled(2, nil)
        harness.link.settled(3, nil)
        #expect(harness.codes.last == [])
        #expect(harness.bus.takeCalls() == [.publish([5])])
        harness.link.settled(5, nil)
        #expect(harness.codes.last == [nil])
        #expect(harness.sink.flows == [true, false, true])
    }

    @Test("doubts a server that answers nothing: asks it, then stops publications, then leaves it")
    func doubt() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.tick(after: .seconds(1))
        harness.publish()
        harness.tick()
        _ = harness.bus.takeCalls()
        harness.tick(after: .milliseconds(50))
        #expect(harness.codes == [[.timeout]])
        #expect(harness.bus.takeCalls() == [.publish([3])])
        #expect(harness.sink.flows == [true, false] && harness.link.takesPublications)
        harness.tick(after: .seconds(1))
        #expect(!harness.link.takesPublications)
        harness.publish()
        #expect(harness.codes.last == [.disconnected])
        harness.tick(after: .seconds(4))
        #expect(harness.bus.takeCalls().first == .disconnect)
    }

    @Test("takes what the adapter refuses by itself for no answer of the server's")
    func ownRefusal() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.tick(after: .milliseconds(50))
        harness.publish()
        harness.tick()
        harness.link.settled(4, BusError(.timeout, "full"))
        harness.tick(after: .seconds(1))
        #expect(!harness.link.takesPublications)
        #expect(harness.sink.flows == [true, false])
    }

    @Test("takes a probe that the adapter had no room for neither for lost nor for refused")
    func ownRefusalOfProbe() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.publish()
        harness.tick()
        harness.tick(after: .milliseconds(50))
        #expect(harness.bus.published.last?.kind == .probe)
        harness.link.settled(3, BusError(.timeout, "full"))
        harness.link.settled(2, nil)
        for _ in 0..<10 { harness.tick(after: .seconds(1)) }
        #expect(!harness.bus.takeCalls().contains(.disconnect))
        #expect(harness.sink.flows.last == true)
    }

    @Test("waits for a probe behind what the adapter has not read yet, and not longer")
    func behind() {
        let harness = LinkHarness()
        harness.start()
        harness.link.link(.connected)
        harness.link.confirmed(harness.link.interest.generation)
        harness.bus.isBehind = true
        for _ in 0..<60 { harness.tick(after: .seconds(1)) }
        #expect(!harness.bus.takeCalls().contains(.disconnect))
        harness.bus.isBehind = false
        harness.tick(after: .seconds(5))
        #expect(harness.bus.takeCalls().contains(.disconnect))
    }

    @Test("doubts no more as soon as anything is answered")
    func relief() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.tick(after: .seconds(1))
        harness.publish()
        harness.tick()
        harness.tick(after: .seconds(2))
        harness.tick(after: .seconds(1))
        #expect(!harness.link.takesPublications)
        // Too late for the one, and yet a word of the server's.
        harness.link.settled(2, nil)
        harness.tick()
        #expect(harness.sink.flows == [true, false, true])
        #expect(harness.link.takesPublications)
    }

    @Test(
        "is not ready when all it publishes is refused, also late, and says what the server said",
        arguments: [false, true],
        [Duration.zero, .milliseconds(60)]
    )
    func refused(all: Bool, after delay: Duration) throws {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.tick(after: .seconds(2))
        harness.publish()
        harness.tick()
        _ = harness.bus.takeCalls()
        harness.tick(after: delay)
        let doubts = harness.bus.takeCalls()
        harness.link.settled(2, BusError(.rejected, "NOPERM"))
        #expect(harness.codes == [[delay == .zero ? .rejected : .timeout]])
        harness.tick()
        #expect(doubts + harness.bus.takeCalls() == [.publish([3])])
        if all {
            harness.tick(after: delay)
            harness.link.settled(3, BusError(.rejected, "NOPERM"))
            harness.tick()
            #expect(harness.bus.takeCalls().first == .disconnect)
            #expect(harness.sink.flows.last == false)
            #expect(harness.log.lines.contains { $0.contains("takes no messages of this node: NOPERM") })
            #expect(try harness.value("probe_failures_total") == 1)
        } else {
            harness.echoProbe()
            harness.tick()
            #expect(harness.sink.flows.last == true)
        }
    }

    @Test("asks a silent server whether it lives, and stays when it does")
    func silence() throws {
        let harness = LinkHarness()
        harness.becomeReady()
        #expect(harness.wait == .seconds(30))
        harness.tick(after: .seconds(30))
        #expect(harness.bus.takeCalls() == [.publish([2])])
        harness.tick(after: .milliseconds(20))
        harness.echoProbe()
        harness.tick()
        #expect(harness.wait == .seconds(30))
        #expect(harness.sink.flows == [true])
        #expect(try harness.histogram("probe_rtt_seconds") == [2, 0.02])
    }

    @Test(
        "takes for life what comes by the way of its probes, and nothing that may go beside a stream",
        arguments: [Envelope.Kind.publication, .probe, .canary, .request, .answer, .node]
    )
    func silenceOfTheStream(kind: Envelope.Kind) {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.tick(after: .seconds(29))
        let other = EnvelopeWriter(NodeIdentity(id: "other", incarnation: 9))
        harness.receive(other.encode(EnvelopeWriter.Fields(kind, to: .nodes)).bytes, on: "nodes")
        harness.tick()
        let goesBeside = [.request, .answer, .node].contains(kind)
        #expect(harness.wait == .seconds(goesBeside ? 1 : 30))
    }

    @Test("takes what a program that is no node sends for life")
    func life() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.tick(after: .seconds(29))
        harness.receive([49], on: "topic/news")
        harness.tick()
        #expect(harness.wait == .seconds(30))
    }

    @Test("hands on what other nodes and programs sent; its own copies and probes go no further")
    func receives() {
        let harness = LinkHarness()
        harness.becomeReady()
        #expect(harness.receive(harness.envelope(to: .broadcast, sequence: 5), on: "broadcast"))
        let own = EnvelopeWriter(NodeIdentity(id: "me", incarnation: 1))
        let fields = EnvelopeWriter.Fields(.publication, to: .broadcast)
        harness.receive(own.encode(fields, payload: [1]).bytes, on: "broadcast")
        let probe = EnvelopeWriter(NodeIdentity(id: "x", incarnation: 9))
        let probeFields = EnvelopeWriter.Fields(.probe, to: .node("me"))
        harness.receive(probe.encode(probeFields).bytes, on: "node/me")
        harness.receive([49], on: "topic/news")
        #expect(harness.sink.messages.map(\.sequence) == [5])
        #expect(harness.sink.messages.first?.payload == [UInt8(ascii: "x")])
        #expect(harness.sink.bare.map(\.bytes) == [[49]])
        #expect(harness.sink.bare.first?.topic.name == "topic/news")
    }

    @Test("hands on its own canaries without counting them, and ignores those of others")
    func canaries() throws {
        let harness = LinkHarness()
        harness.becomeReady()
        #expect(harness.link.sendCanary(7, harness.answers.next()))
        harness.tick()
        #expect(harness.bus.published.last?.kind == .canary)
        let own = EnvelopeWriter(NodeIdentity(id: "me", incarnation: 1))
        var fields = EnvelopeWriter.Fields(.canary, to: .node("me"))
        fields.sequence = 7
        let received = try #require(try harness.value("received_total"))
        harness.receive(own.encode(fields).bytes, on: "node/me")
        #expect(harness.sink.canaries == [7])
        #expect(try harness.value("received_total") == received)
        harness.receive(EnvelopeWriter(NodeIdentity(id: "x", incarnation: 9)).encode(fields).bytes, on: "node/me")
        #expect(harness.sink.canaries == [7])
        #expect(harness.sink.messages.isEmpty)
        #expect(try harness.value("received_total") == received + 1)
    }

    @Test("counts own canaries that nobody waits for, and drops those on another name")
    func canariesTwice() throws {
        let harness = LinkHarness()
        harness.becomeReady()
        let own = EnvelopeWriter(NodeIdentity(id: "me", incarnation: 1))
        var fields = EnvelopeWriter.Fields(.canary, to: .node("me"))
        fields.sequence = 7
        harness.receive(own.encode(fields).bytes, on: "node/me")
        let received = try #require(try harness.value("received_total"))
        let dropped = try #require(try harness.value("inbound_dropped_total", ["reason": "decode"]))
        harness.receive(own.encode(fields).bytes, on: "node/me")
        #expect(try harness.value("received_total") == received + 1)
        #expect(try harness.value("inbound_dropped_total", ["reason": "decode"]) == dropped)
        // Numbers that would be right, where no canary is sent.
        fields.sequence = 8
        harness.receive(own.encode(fields).bytes, on: "broadcast")
        fields.topic = .broadcast
        harness.receive(own.encode(fields).bytes, on: "broadcast")
        fields.topic = .node("other")
        harness.receive(own.encode(fields).bytes, on: "node/other")
        #expect(try harness.value("received_total") == received + 4)
        #expect(try harness.value("inbound_dropped_total", ["reason": "decode"]) == dropped + 3)
        #expect(harness.sink.canaries == [7])
        #expect(harness.sink.messages.isEmpty)
    }

    @Test("tells who sent a canary what the bus answers, counts none of it, and sends none while nothing is taken")
    func canaryAnswers() throws {
        let harness = LinkHarness()
        #expect(!harness.link.sendCanary(1, harness.answers.next()))
        harness.becomeReady()
        let published = try harness.value("published_total")
        let failed = try harness.value("publish_failures_total", ["reason": "rejected"])
        #expect(harness.link.sendCanary(2, harness.answers.next()))
        harness.tick()
        harness.link.settled(2, BusError(.rejected, "no"))
        #expect(harness.codes == [[], [.rejected]])
        #expect(try harness.value("published_total") == published)
        #expect(try harness.value("publish_failures_total", ["reason": "rejected"]) == failed)
    }

    @Test("passes on that there is no room, and that there is again")
    func backPressure() {
        let harness = LinkHarness()
        harness.becomeReady()
        harness.sink.hasRoom = false
        #expect(!harness.receive(harness.envelope(to: .broadcast), on: "broadcast"))
        #expect(harness.sink.messages.count == 1)
        harness.link.resume()
        #expect(harness.bus.takeCalls() == [.resume])
    }

    @Test("closed, answers all that was under way and what comes later, and tells no more")
    func closes() throws {
        let harness = LinkHarness()
        harness.becomeReady()
        for _ in 0..<2 {
            harness.publish()
            harness.tick()
        }
        harness.publish()
        _ = harness.bus.takeCalls()
        var closed = 0
        harness.link.close { closed += 1 }
        #expect(harness.codes == [[.closed], [.closed], [.closed]])
        #expect(harness.bus.takeCalls() == [.close])
        #expect(harness.sink.flows == [true, false])
        #expect(try harness.value("subscriptions", ["state": "confirmed"]) == 0)
        harness.publish()
        #expect(harness.codes.last == [.closed])
        // What an adapter may still tell while it closes.
        harness.link.settled(2, nil)
        harness.link.confirmed(9)
        #expect(harness.receive(harness.envelope(to: .broadcast), on: "broadcast"))
        harness.link.link(.down(LinkFault(.closed, "closed")))
        harness.tick(after: .seconds(100))
        #expect(closed == 0)
        harness.bus.finishClosing()
        #expect(closed == 1)
        #expect(harness.sink.messages == [] && harness.sink.confirmed == [1])
        #expect(harness.bus.takeCalls() == [] && harness.deadline == .max)
    }
}
