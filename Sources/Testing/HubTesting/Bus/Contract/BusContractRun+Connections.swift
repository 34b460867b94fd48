// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

// Connections that end: by the node's own will, and by the server's.
extension BusContractRun {
    func isSilentOnceDisconnected() async throws {
        let topics = topics("a", "b", "c")
        let node = try await node("a", wanting: topics)
        let other = try await self.node("b", wanting: topics)
        // With work under way, in the midst of an attempt, and before one.
        try await node.run { node in
            node.send((0..<2000).map { (topics[$0 % 3], Self.bytes($0)) })
            node.tap.disconnect()
        }
        try await pingPong(other, topics)
        let downs = try await node.run { node in
            node.tap.disconnect()
            node.tap.resume()
            node.connect()
            node.tap.disconnect()
            node.connect()
            return node.tap.downs
        }
        expect(downs, 0, "times that it told of being down")
        try await node.wait(for: "another connection") { $0.tap.phase == .up }
        try await node.change([.add(node.inbox)])
        try await pingPong(other, topics)
        try await node.publish([(node.inbox, [1])])
        try await node.receive(1, on: node.inbox)
        for topic in topics {
            let received = try await node.run { $0.tap.bytes(on: topic, from: $0.tap.messagesAtConnect) }
            expect(received, [], "on a name that this connection never asked for")
        }
    }

    /// A message of a node to itself, for which time must pass at the server.
    private func pingPong(_ node: BusLoopHarness, _ topics: [BusTopic]) async throws {
        let names = topics + [node.inbox]
        let before = try await node.run { node in names.map { node.tap.count(on: $0) } }
        try await node.publish(names.map { ($0, [1]) })
        for (name, count) in zip(names, before) { try await node.receive(count + 1, on: name) }
    }

    func closesOnceWithWorkUnderWay() async throws {
        let topics = topics("a", "b", "c")
        let node = try await node("a", wanting: topics)
        let other = try await self.node("b", wanting: topics)
        try await other.run { $0.send((0..<1000).map { (topics[$0 % 3], Self.bytes($0)) }) }
        try await node.run { node in
            node.send((0..<2000).map { (topics[$0 % 3], Self.bytes($0)) })
            node.want(topics.flatMap { [.remove($0), .add($0)] })
            node.close()
        }
        try await node.wait(for: "close to call back") { $0.isClosed }
        let before = try await node.run { $0.tap.messages.count }
        try await pingPong(other, topics)
        let after = try await node.run { $0.tap.messages.count }
        expect(after, before, "messages after it was closed")
    }

    func closesAtAnyTime() async throws {
        for (index, steps) in [0, 1, 2, 3, 4].enumerated() {
            let node = try node("\(index)")
            try await node.run { node in
                if steps > 0 { node.connect() }
                if steps == 2 { node.tap.disconnect() }
            }
            if steps > 2 { try await node.wait(for: "the connection") { $0.tap.phase == .up } }
            try await node.run { node in
                if steps > 3 { node.want([.add(node.inbox)]) }
                node.close()
            }
            try await node.wait(for: "close to call back, case \(steps)") { $0.isClosed }
        }
    }

    func tellsARefusedConnectionOnce() async throws {
        guard let interrupt = contract.faults.interrupt, let restore = contract.faults.restore else { return }
        let node = try node("a")
        try await interrupt()
        for attempt in 1...3 {
            try await node.run { $0.connect() }
            try await node.wait(for: "attempt \(attempt) to fail") { $0.tap.phase == .down }
        }
        try await restore()
        try await connectAgain(node)
        try await node.publish([(node.inbox, [1])])
        try await node.receive(1, on: node.inbox)
    }

    func tellsALostConnectionOnce() async throws {
        guard let interrupt = contract.faults.interrupt, let restore = contract.faults.restore else { return }
        let topics = topics("a", "b", "c")
        let node = try await node("a", wanting: topics)
        // Two thousand are under way at any time: some are settled, and the rest is given up.
        try await node.run { node in
            var number = 0
            node.pump = { [unowned node] in
                while node.tap.phase == .up, node.tap.openCount < 2000 {
                    node.send((number..<number + 50).map { (topics[$0 % 3], Self.bytes($0)) })
                    number += 50
                }
            }
            node.loop.wake()
        }
        try await node.wait(for: "settlements") { $0.tap.settledCount > 100 }
        // Or all might be settled by chance when the end comes.
        try await contract.faults.freeze?()
        try await node.wait(for: "publications under way") { $0.tap.openCount >= 2000 }
        try await interrupt()
        try await node.wait(for: "the end of the connection to be told") { $0.tap.phase == .down }
        try await restore()
        try await contract.faults.thaw?()
        let downs = try await node.run { $0.tap.downs }
        expect(downs, 1, "times that it told of being down")
        try await connectAgain(node)
        try await node.change(topics.map { .add($0) })
        for topic in topics {
            let before = try await node.run { $0.tap.count(on: topic) }
            try await node.publish([(topic, [1])])
            try await node.receive(before + 1, on: topic)
            let numbers = try await node.run { $0.tap.bytes(on: topic).dropLast() }.map(Self.number)
            expect(Set(numbers).count, numbers.count, "different messages among those that came")
            expect(numbers, numbers.sorted(), "their order")
        }
    }

    /// Tries until there is a connection, as a link would.
    private func connectAgain(_ node: BusLoopHarness) async throws {
        try await node.run { node in
            // Trying at once when an attempt has failed: a server that has just come back may refuse the first.
            node.pump = { [unowned node] in
                if node.tap.phase == .down { node.connect() }
            }
            node.loop.wake()
        }
        try await node.wait(for: "a connection after the outage") { $0.tap.phase == .up }
        try await node.run { $0.pump = nil }
        try await node.change([.add(node.inbox)])
    }
}
