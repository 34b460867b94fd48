// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubLog
import HubTesting
import HubWire
import Synchronization
import Testing

@testable import HubBridge

/// Messages for one client, wherever it is.
@Suite("Unicasts between nodes")
struct UnicastTests {
    let harness = BridgeHarness()

    private static func settings(queue: Int) -> HubSettings {
        var settings = HubSettings()
        settings.queue = QueueLimits(messages: queue)
        return settings
    }

    private static func id(tag: UInt16) -> ClientID {
        var random = SplitMix64(seed: 1)
        return ClientID(unixMilliseconds: 1, tag: tag, using: &random)
    }

    @Test("an id that can be nobody's is told at once, without asking anybody")
    func unknown() throws {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let tags = [try #require(a.hub.hub.tag), try #require(b.hub.hub.tag)]
        let unused = try #require((0...2 as ClosedRange<UInt16>).first { !tags.contains($0) })
        let client = a.hub.connect()
        let published = a.bus("published_total")
        client.askUnicast("1", to: "not an id", id: 1)
        client.askUnicast("1", to: Self.id(tag: unused), id: 2)
        client.askUnicast("1", to: Self.id(tag: tags[0]), id: 3)
        harness.settle()
        #expect(client.takeNews() == ["client_not_found 1", "client_not_found 2", "client_not_found 3"])
        #expect(a.bus("published_total") == published)
        #expect(a.hub.snapshot().openAnswers == 0)
    }

    @Test("a node without a bus knows nobody elsewhere")
    func noop() {
        let hub = HubHarness()
        let client = hub.connect()
        client.askUnicast("1", to: Self.id(tag: 7), id: 1)
        hub.tick()
        #expect(client.takeNews() == ["client_not_found 1"])
    }

    @Test("while the bus is down a client elsewhere is unavailable at once, and one that was here is not found")
    func down() throws {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let (client, gone, far) = (a.hub.connect(), a.hub.connect(), b.hub.connect())
        gone.vanish()
        harness.fail(.down)
        client.askUnicast("1", to: far.id, id: 1)
        client.askUnicast("1", to: gone.id, id: 2)
        harness.settle()
        #expect(client.takeNews() == ["bus_unavailable 1", "client_not_found 2"])
        #expect(throws: HubError.busUnavailable) { try a.hub.hub.push(Frame("x"), to: far.id) }
        #expect(throws: HubError.clientNotFound) { try a.hub.hub.push(Frame("x"), to: gone.id) }
    }

    @Test("a far end that is silent for two seconds is unavailable")
    func silent() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let (client, far) = (a.hub.connect(), b.hub.connect())
        b.isFrozen = true
        client.askUnicast("1", to: far.id)
        harness.advance(.milliseconds(1_990))
        #expect(client.takeNews() == [])
        harness.advance(.milliseconds(20))
        #expect(client.takeNews() == ["bus_unavailable 1"])
        // It may still arrive, and the late answer finds nobody.
        b.isFrozen = false
        harness.settle()
        #expect(far.takeNews() == ["1"])
        #expect(client.takeNews() == [])
    }

    @Test("a full queue at the far end is told to the sender")
    func full() {
        let (a, b) = (harness.serve("a"), harness.serve("b", hub: Self.settings(queue: 2)))
        let (client, far) = (a.hub.connect(), b.hub.connect())
        far.block()
        for number in 0..<5 {
            client.askUnicast("\(number)", to: far.id, id: number)
            harness.settle()
        }
        let news = client.takeNews()
        #expect(news.prefix(2) == ["published 0", "published 1"])
        #expect(news.last == "send_buffer_full 4")
        #expect(a.hub.snapshot().commands.errors(.unicast, .sendBufferFull) > 0)
        far.unblock()
        harness.settle()
        #expect(b.hub.imbalance() == nil)
    }

    @Test("one tag on two nodes: both are asked, one ok wins, else a full queue says more than an unknown client")
    func sharedTag() {
        let (a, b, c) = (harness.serve("a"), harness.serve("b", hub: Self.settings(queue: 1)), harness.serve("c"))
        b.hub.hub.tag = a.hub.hub.tag
        harness.advance(.seconds(6))
        let (here, there, client) = (a.hub.connect(), b.hub.connect(), c.hub.connect())
        client.askUnicast("1", to: here.id, id: 1)
        client.askUnicast("2", to: there.id, id: 2)
        harness.settle()
        #expect(client.takeNews() == ["published 1", "published 2"])
        #expect(here.takeNews() == ["1"])
        #expect(there.takeNews() == ["2"])
        there.block()
        for number in 3...6 {
            client.askUnicast("3", to: there.id, id: number)
            harness.settle()
        }
        #expect(client.takeNews().last == "send_buffer_full 6")
        here.vanish()
        client.askUnicast("4", to: here.id, id: 7)
        harness.settle()
        #expect(client.takeNews() == ["client_not_found 7"])
        // A tag that is also one's own: the other is asked.
        let local = a.hub.connect()
        let far = b.hub.connect()
        local.askUnicast("5", to: far.id, id: 8)
        harness.settle()
        #expect(local.takeNews() == ["published 8"])
        #expect(far.takeNews() == ["5"])
    }

    @Test("of many nodes of one tag those are asked that have had it for longest, and what that leaves out is told")
    func manyOfOneTag() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let strangers = (0..<100).map { Stranger(harness, id: "stranger \($0)", incarnation: UInt64($0) + 1) }
        for stranger in strangers { stranger.announce { $0.tag = b.hub.hub.tag } }
        let (client, far) = (a.hub.connect(), b.hub.connect())
        for number in 1...3 {
            let before = a.bus("published_total")
            client.askUnicast("\(number)", to: far.id, id: number)
            harness.settle()
            #expect(client.takeNews() == ["published \(number)"])
            #expect(far.takeNews() == ["\(number)"])
            #expect(a.bus("published_total") == before + Membership.askedLimit)
        }
        #expect(a.logged("more nodes have one tag").map { $0["asked"] } == [4])
        far.vanish()
        client.askUnicast("4", to: far.id, id: 4)
        harness.settle()
        for stranger in strangers { stranger.announce { $0.phase = .leaving } }
        harness.advance(.seconds(2))
        #expect(client.takeNews() == ["bus_unavailable 4"])
        client.askUnicast("5", to: far.id, id: 5)
        harness.settle()
        #expect(client.takeNews() == ["client_not_found 5"])
    }

    @Test("the program's own pushes go to other nodes too, and each completion is called once")
    func pushes() throws {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        let (far, gone) = (b.hub.connect(), b.hub.connect())
        gone.vanish()
        let outcomes = Mutex<[String]>([])
        for (name, id) in [("far", far.id), ("gone", gone.id)] {
            try a.hub.hub.push(Frame("x"), to: id) { error in
                outcomes.withLock { $0.append("\(name) \(error.map { "\($0.code.rawValue)" } ?? "ok")") }
            }
        }
        harness.settle()
        #expect(outcomes.withLock { $0.sorted() } == ["far ok", "gone client_not_found"])
        #expect(far.takeTexts() == ["x"])
        #expect(a.hub.hub.refusedPushes(.clientNotFound) == 1)
    }

    @Test("a request of an operation that is not known is answered as such, and its sender is told that it failed")
    func unsupported() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        var fields = EnvelopeWriter.Fields(.request, to: .node("a"))
        fields.correlation = 9
        fields.operation = "dance"
        let stranger = Stranger(harness)
        let before = a.bus("published_total")
        stranger.send(fields, [])
        #expect(a.bus("published_total") == before + 1)
        // Without a number there is nothing to answer.
        fields.correlation = nil
        stranger.send(fields, [])
        #expect(a.bus("inbound_dropped_total", ["reason": "decode"]) == 1)
        #expect(b.bus("inbound_dropped_total", ["reason": "decode"]) == 0)
    }
}
