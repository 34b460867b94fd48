// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubCore
import HubLog
import HubTesting
import Testing

@testable import HubBridge

/// Which nodes know each other.
@Suite("Membership")
struct MembershipTests {
    let harness = BridgeHarness()

    @Test("a node that joins is answered at once, and both know each other")
    func join() {
        let a = harness.serve("a")
        #expect(a.value("gohub_nodes") == 1)
        let b = harness.add("b")
        harness.settle()
        #expect(a.knownNodes == ["a", "b"])
        #expect(b.knownNodes == ["b", "a"])
        #expect(a.value("gohub_nodes") == 2)
        #expect(a.logged("a node joined").first?["member"] == "b")
        harness.advance(.seconds(2))
        #expect(a.value("gohub_nodes") == 2)
        #expect(b.value("gohub_nodes") == 2)
    }

    @Test("time in which a node itself stood still is no silence of the others")
    func standstill() {
        let a = harness.serve("a")
        let stranger = Stranger(harness)
        stranger.announce()
        harness.clock.advance(by: .seconds(60))
        harness.settle()
        #expect(a.value("gohub_nodes") == 2)
        harness.advance(.seconds(14))
        #expect(a.value("gohub_nodes") == 2)
        harness.advance(.seconds(2))
        #expect(a.value("gohub_nodes") == 1)
        #expect(a.logged("a node is silent").count == 1)
    }

    @Test("many that join within a moment are answered together")
    func joinTogether() {
        let a = harness.serve("a")
        harness.advance(.seconds(1))
        let before = a.bus("published_total")
        for number in 0..<100 {
            let stranger = Stranger(harness, id: "stranger \(number)", incarnation: UInt64(number + 1))
            stranger.announce()
            harness.advance(.milliseconds(1))
        }
        harness.advance(.milliseconds(50))
        #expect(a.value("gohub_nodes") == 101)
        #expect((2...4).contains(a.bus("published_total") - before))
    }

    @Test("more nodes than may be are ignored, with a warning once in ten seconds")
    func tooMany() {
        let a = harness.serve("a")
        let strangers = (0...Membership.limit).map { number in
            Stranger(harness, id: "stranger \(number)", incarnation: UInt64(number + 1))
        }
        for _ in 0..<2 {
            for stranger in strangers { stranger.announce() }
            #expect(a.value("gohub_nodes") == Membership.limit + 1)
            #expect(!a.knownNodes.contains("stranger \(Membership.limit)"))
        }
        #expect(
            a.logged("more nodes than a node can know").map { $0["member"] } == [
                .string("stranger \(Membership.limit)")
            ]
        )
        harness.advance(.seconds(10))
        strangers.last?.announce()
        #expect(a.logged("more nodes than a node can know").count == 2)
    }

    @Test("nodes that come and go all the time are told of in a few lines, with the number of those left out")
    func churn() {
        let a = harness.serve("a")
        func come(_ phase: NodeRecord.Phase, _ names: [String]) {
            for (index, name) in names.enumerated() {
                Stranger(harness, id: name, incarnation: UInt64(index) + 1).announce { $0.phase = phase }
            }
        }
        let names = (0..<100).map { "stranger \($0)" }
        come(.serving, names)
        come(.leaving, names)
        for line in ["a node joined", "a node left"] { #expect(a.logged(line).count == 16) }
        harness.advance(.seconds(1))
        come(.serving, names)
        #expect(a.logged("a node joined").count == 17)
        #expect(a.logged("a node joined").last?["suppressed"] == 84)
        harness.advance(.seconds(16))
        #expect(a.knownNodes == ["a"])
        #expect(a.logged("a node is silent").count == 16)
        // Nor do nodes of this one's name cause more.
        for _ in 0..<3 {
            come(.serving, names.map { _ in "a" })
            come(.leaving, names.map { _ in "a" })
        }
        #expect(a.logged("has this node's name").count == 1)
    }

    @Test("three nodes know what each says of itself: address, version, clients, and a tag of its own")
    func records() {
        let nodes = ["a", "b", "c"].map { name in
            var settings = BridgeSettings()
            settings.version = "1.2.3"
            return harness.serve(name, settings: settings)
        }
        for node in nodes { node.bridge.listens(at: "\(node.identity.id):9090") }
        for _ in 0..<3 { _ = nodes[1].hub.connect() }
        harness.advance(.seconds(11))
        for node in nodes {
            let records = node.bridge.board.records
            #expect(records.first?.id == node.identity.id)
            #expect(Set(records.map(\.admin)) == ["a:9090", "b:9090", "c:9090"])
            #expect(records.allSatisfy { $0.version == "1.2.3" && $0.phase == .serving })
            #expect(records.first { $0.id == "b" }?.clients == 3)
            #expect(Set(records.compactMap(\.tag)).count == 3)
            #expect(node.bridge.board.isReady)
        }
    }

    @Test("a node whose bus loop stands still is not ready, whoever asks, until it turns again")
    func unreadyAtStandstill() {
        let node = harness.serve("a")
        harness.advance(.seconds(10))
        node.isFrozen = true
        harness.advance(.seconds(2))
        #expect(node.bridge.board.isReady)
        harness.advance(.seconds(2))
        #expect(!node.bridge.board.isReady)
        node.isFrozen = false
        harness.settle()
        #expect(node.bridge.board.isReady)
    }

    @Test("where operators reach a node is told as soon as it listens")
    func admin() {
        let nodes = ["a", "b"].map { harness.serve($0) }
        func shown() -> [[String]] { nodes.map { $0.bridge.board.records.map(\.admin) } }
        #expect(shown() == [["", ""], ["", ""]])
        nodes[0].bridge.listens(at: "10.0.0.1:9090")
        harness.settle()
        #expect(shown() == [["10.0.0.1:9090", ""], ["", "10.0.0.1:9090"]])
    }

    @Test("what a node said last is what is shown, and of the node itself what holds now")
    func fresh() {
        let node = harness.serve("a")
        let stranger = Stranger(harness)
        stranger.announce { $0.phase = .starting }
        func shown() -> [Int] { node.bridge.board.records.map(\.clients) }
        #expect(shown() == [0, 0])
        for count in [3, 5, 4] {
            stranger.announce { $0.clients = count }
            _ = node.hub.connect()
            #expect(shown().last == count)
        }
        #expect(shown() == [3, 4])
        #expect(node.bridge.board.records.last?.phase == .serving)
    }

    @Test("after fifteen seconds of silence a node is gone, not before")
    func silence() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        b.isFrozen = true
        harness.advance(.milliseconds(9_900))
        #expect(a.knownNodes == ["a", "b"])
        harness.advance(.milliseconds(5_200))
        #expect(a.knownNodes == ["a"])
        #expect(a.value("gohub_nodes") == 1)
        #expect(a.logged("a node is silent").count == 1)
        b.isFrozen = false
        harness.advance(.seconds(6))
        #expect(a.knownNodes == ["a", "b"])
    }

    @Test("a node whose word about itself is lost lives as long as anything else of it comes")
    func publishing() {
        let a = harness.serve("a")
        let stranger = Stranger(harness)
        stranger.announce()
        #expect(a.knownNodes == ["a", "stranger"])
        for number in 1...5 {
            harness.advance(.seconds(8))
            stranger.publish("1", to: .broadcast, UInt64(number))
            #expect(a.knownNodes == ["a", "stranger"])
        }
        harness.advance(.milliseconds(14_900))
        #expect(a.knownNodes == ["a", "stranger"])
        harness.advance(.milliseconds(200))
        #expect(a.knownNodes == ["a"])
    }

    @Test("the time without a bus is nobody's silence: only who is not heard afterwards is gone")
    func outage() {
        let (a, b, c) = (harness.serve("a"), harness.serve("b"), harness.serve("c"))
        harness.fail(.down)
        c.isFrozen = true
        harness.advance(.seconds(60))
        #expect(a.knownNodes == ["a", "b", "c"])
        harness.fail(.none)
        while !a.bridge.board.isReady { harness.advance(.milliseconds(10)) }
        harness.advance(.seconds(9))
        #expect(a.knownNodes == ["a", "b", "c"])
        harness.advance(.seconds(8))
        #expect(a.knownNodes == ["a", "b"])
        // It may have come back later.
        harness.advance(.seconds(10))
        #expect(b.knownNodes == ["b", "a"])
        #expect(a.logged("a node is silent").map { $0["member"] } == ["c"])
    }

    @Test("a node that leaves is gone at once, and does not come back")
    func leave() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        harness.close(b)
        #expect(b.isClosed)
        #expect(a.knownNodes == ["a"])
        #expect(a.logged("a node left").count == 1)
        harness.advance(.seconds(20))
        #expect(a.knownNodes == ["a"])
        #expect(a.logged("a node joined").count == 1)
        #expect(a.logged("a node is silent").isEmpty)
    }

    @Test("a node that leaves does not answer one that joins meanwhile")
    func leavingIsQuiet() {
        let (a, b) = (harness.serve("a"), harness.serve("b"))
        b.bridge.close {}
        let c = harness.add("c")
        harness.settle()
        #expect(a.knownNodes == ["a", "c"])
        #expect(c.knownNodes == ["c", "a"])
    }

    @Test("a tag that another node uses is passed over for the next one that is drawn")
    func usedTag() throws {
        // The same happens each time but for the tag, so that the same numbers are drawn.
        func tag(besides used: UInt16?) -> UInt16? {
            let harness = BridgeHarness()
            let node = harness.add("a", seed: 1)
            harness.settle()
            Stranger(harness).announce { $0.tag = used }
            harness.advance(.seconds(2))
            #expect(node.knownNodes == ["a", "stranger"])
            return node.hub.hub.tag
        }
        let first = try #require(tag(besides: nil))
        #expect(tag(besides: first &+ 1) == first)
        let second = try #require(tag(besides: first))
        #expect(second != first)
    }

    @Test("of tags that are drawn the first is taken that no node uses")
    func freeTag() {
        var members = Membership()
        var (random, same) = (SplitMix64(seed: 1), SplitMix64(seed: 1))
        for number in 1...500 as ClosedRange<UInt64> {
            var record = NodeRecord(NodeIdentity(id: "\(number)", incarnation: number))
            record.tag = UInt16.random(in: .min ... .max, using: &same)
            _ = members.received(record, 0)
        }
        let next = (0..<10).map { _ in UInt16.random(in: .min ... .max, using: &same) }
        #expect(members.freeTag(using: &random) == next.first { !members.uses($0) })
    }

    @Test("a node that finds no bus has a tag too")
    func tagWithoutBus() {
        harness.fail(.down)
        let a = harness.serve("a")
        #expect(a.start?.isServing == true)
        #expect(a.hub.hub.tag != nil)
        #expect(!a.bridge.board.isReady)
        harness.recover()
        #expect(a.bridge.board.isReady)
        #expect(a.value("gohub_nodes") == 1)
    }

    @Test(
        "what is no record, or another node's, is dropped and counted",
        arguments: [
            "", "{}", "[]", #"{"id":"x"}"#, #"{"id":"","incarnation":"7"}"#, #"{"id":"x","incarnation":"zz"}"#,
            #"{"id":"x","incarnation":"8"}"#, #"{"id":1,"incarnation":7}"#,
            #"{"id":"x","incarnation":"7","heads":{"a":{}"#,
        ]
    )
    func malformed(json: String) {
        let a = harness.serve("a")
        let stranger = Stranger(harness)
        stranger.send(.init(.node, to: .nodes), Array(json.utf8))
        #expect(a.knownNodes == ["a"])
        #expect(a.bus("inbound_dropped_total", ["reason": "decode"]) == 1)
    }

    @Test("a record with fields of a later version is read")
    func later() {
        let a = harness.serve("a")
        let json =
            #"{"id":"x","incarnation":"7","phase":"dreaming","tag":70000,"heads":[],"new":{"a":[1]},"clients":-1}"#
        Stranger(harness).send(.init(.node, to: .nodes), Array(json.utf8))
        #expect(a.knownNodes == ["a", "x"])
    }
}

extension Bridge.Start {
    var isServing: Bool { if case .serving = self { true } else { false } }
    var isNameTaken: Bool { if case .nameTaken = self { true } else { false } }
}
