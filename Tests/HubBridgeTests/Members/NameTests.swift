// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBridge
import HubBus
import HubCore
import HubLog
import HubTesting
import Testing

/// Two nodes of one name.
@Suite("One name on two nodes")
struct NameTests {
    let harness = BridgeHarness()

    @Test("the later one is answered by the first and refuses to start; the first goes on undisturbed")
    func later() {
        let first = harness.serve("a")
        let second = harness.add("a")
        harness.settle()
        guard case .nameTaken(let record)? = second.start else {
            Issue.record("the second node started: \(String(describing: second.start))")
            return
        }
        #expect(record.incarnation == first.identity.incarnation)
        harness.advance(.seconds(12))
        #expect(second.start?.isNameTaken == true)
        #expect(second.hub.hub.tag == nil)
        #expect(first.logged("has this node's name").isEmpty)
        harness.close(second)
        #expect(second.isClosed)
        #expect(first.knownNodes == ["a"])
    }

    @Test("of two that start together one goes on", arguments: [(1, 2), (2, 1)] as [(UInt64, UInt64)])
    func together(first: UInt64, second: UInt64) {
        let nodes = [first, second].map { harness.add("a", incarnation: $0) }
        harness.settle()
        harness.advance(.seconds(3))
        #expect(nodes.map { $0.start?.isServing } == [first == 2, second == 2])
        #expect(nodes.map { $0.start?.isNameTaken } == [first == 1, second == 1])
    }

    @Test("one that leaves does not keep its successor from starting")
    func successor() {
        let stranger = Stranger(harness, id: "a")
        let node = harness.add("a")
        harness.settle()
        stranger.announce { $0.phase = .leaving }
        #expect(node.start == nil)
        harness.advance(.seconds(2))
        #expect(node.start?.isServing == true)
    }

    /// Two nodes of one name that met after a partition, and a third.
    private func met() -> (BridgeHarness.Node, BridgeHarness.Node, BridgeHarness.Node) {
        harness.fail(.down)
        let twins = (harness.serve("a"), harness.serve("a"))
        #expect(twins.0.start?.isServing == true && twins.1.start?.isServing == true)
        harness.recover()
        let other = harness.serve("c")
        harness.advance(.seconds(6))
        return (twins.0, twins.1, other)
    }

    @Test("two that meet when a partition heals both go on, and log an error")
    func partition() {
        let (one, two, other) = met()
        for twin in [one, two] {
            #expect(twin.logged("has this node's name").first?.level == .error)
            #expect(twin.start?.isServing == true)
            #expect(twin.value("gohub_nodes") == 3)
        }
        #expect(other.knownNodes == ["c", "a", "a"])
    }

    @Test("the error is logged once for each two, and again when they meet again")
    func once() {
        let (one, two, _) = met()
        harness.advance(.seconds(60))
        #expect([one, two].map { $0.logged("has this node's name").count } == [1, 1])
        two.isFrozen = true
        harness.advance(.seconds(21))
        #expect(one.knownNodes == ["a", "c"])
        two.isFrozen = false
        harness.advance(.seconds(30))
        #expect(one.logged("has this node's name").count == 2)
        harness.close(two)
        let stranger = Stranger(harness, id: "a", incarnation: two.identity.incarnation)
        for _ in 0..<3 { stranger.announce() }
        #expect(one.logged("has this node's name").count == 3)
    }

    @Test("requests reach both, and the answer of the one that is meant counts")
    func requests() {
        let (one, two, other) = met()
        let sender = other.hub.connect()
        let receivers = [one.hub.connect(), two.hub.connect()]
        for (index, receiver) in receivers.enumerated() {
            sender.askUnicast("\(index)", to: receiver.id, id: index)
            harness.settle()
            #expect(sender.takeNews() == ["published \(index)"])
            #expect(receiver.takeNews() == ["\(index)"])
        }
        for receiver in receivers { receiver.vanish() }
        for (index, receiver) in receivers.enumerated() {
            sender.askUnicast("1", to: receiver.id, id: index)
            harness.settle()
            #expect(sender.takeNews() == ["client_not_found \(index)"])
        }
    }

    @Test("the answers to one of them are not taken for the other's")
    func answers() {
        let (one, two, other) = met()
        let senders = [one.hub.connect(), two.hub.connect()]
        let (receiver, gone) = (other.hub.connect(), other.hub.connect())
        gone.vanish()
        for number in 0..<20 {
            senders[0].askUnicast("1", to: receiver.id, id: number)
            senders[1].askUnicast("2", to: gone.id, id: number)
        }
        harness.settle()
        #expect(senders[0].takeNews() == (0..<20).map { "published \($0)" })
        #expect(senders[1].takeNews() == (0..<20).map { "client_not_found \($0)" })
        #expect(receiver.takeNews().count == 20)
    }
}
