// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

// Publications and messages, on a server that works.
extension BusContractRun {
    /// Four thousand under way, which is as many as a link lets go.
    func settlesEachPublicationOnce() async throws {
        let topics = topics("a", "b", "c", "d", "e")
        let node = try await node("a", wanting: [])
        try await node.run { node in
            var number = 0
            for size in [1, 2, 3, 257, 737, 1000, 2000] {
                node.send((0..<size).map { (topics[(number + $0) % 5], [UInt8](repeating: 7, count: $0 % 50)) })
                number += size
            }
        }
        try await node.wait(for: "4000 settlements") { $0.tap.settledCount >= 4000 }
        // What settles one of them again does so before it comes to this.
        try await node.publish([(topics[0], [])])
        let (count, failures, late) = try await node.run { ($0.tap.settledCount, $0.tap.failures, $0.tap.lateCount) }
        expect(count, 4001, "settlements")
        expect(failures, [], "failures")
        expect(late, 0, "successes after the deadline")
    }

    func keepsTheOrderOfATopic() async throws {
        let topics = topics("a", "b", "c")
        let receiver = try await node("receiver", wanting: topics)
        let publisher = try await node("publisher", wanting: topics)
        for start in stride(from: 0, to: 3000, by: 750) {
            try await publisher.publish((start..<start + 750).map { (topics[$0 % 3], Self.bytes($0)) })
        }
        for node in [receiver, publisher] {
            for (index, topic) in topics.enumerated() {
                try await node.receive(1000, on: topic)
                let numbers = try await node.run { $0.tap.bytes(on: topic) }.map(Self.number)
                expect(numbers, Array(stride(from: index, to: 3000, by: 3)), "\(topic) at \(node.id)")
            }
            guard contract.features.ordersAcrossTopics else { continue }
            let inbox = node.inbox.name.utf8
            let all = try await node.run { $0.tap.messages }.filter { !$0.topic.elementsEqual(inbox) }
            expect(all.map { Self.number($0.bytes) }, Array(0..<3000), "all topics at \(node.id)")
        }
    }

    func keepsEveryByte() async throws {
        let topic = topic("bytes")
        let receiver = try await node("receiver", wanting: [topic])
        let publisher = try await node("publisher", wanting: [])
        let all = (0...255).map { UInt8($0) }
        let size = min(1 << 20, contract.features.maxPayload ?? .max)
        let payloads: [[UInt8]] = [
            [], [0], all, all.reversed(), Array("\r\n$5\r\n+OK\r\n*1\r\n:1\r\n-ERR\r\n".utf8), Array("\r\n".utf8),
            Array(#"{"a":"\u0000\"ü😀"}"#.utf8), [0xFF, 0xFE, 0xC0, 0x80], [UInt8](repeating: 0, count: 70_000),
            (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }, [],
        ]
        try await publisher.publish(payloads.map { (topic, $0) })
        try await receiver.receive(payloads.count, on: topic)
        let received = try await receiver.run { $0.tap.bytes(on: topic) }
        expect(received.map(\.count), payloads.map(\.count), "sizes")
        expect(received == payloads, "other bytes arrive than were published")
        let failures = try await publisher.run { $0.tap.failures }
        expect(failures, [], "failures")
    }

    func refusesWhatIsTooLarge() async throws {
        guard let limit = contract.features.maxPayload else { return }
        let topic = topic("large")
        let node = try await node("a", wanting: [topic])
        let sizes = [limit, limit + 1, 1, 2 * limit, limit]
        try await node.publish(sizes.map { (topic, [UInt8](repeating: 1, count: $0)) })
        try await node.receive(3, on: topic)
        let (failures, received) = try await node.run { ($0.tap.failures, $0.tap.bytes(on: topic)) }
        expect(failures.map(\.code), [.tooLarge, .tooLarge], "failures")
        expect(received.map(\.count), [limit, 1, limit], "sizes")
    }

    func deliversToAllNodes() async throws {
        let topic = topic("all")
        let nodes = [try await node("a", wanting: [topic]), try await node("b", wanting: [topic])]
        for (index, node) in nodes.enumerated() {
            try await node.publish((0..<10).map { (topic, [UInt8(index), $0]) })
        }
        for node in nodes {
            try await node.receive(20, on: topic)
            for index in nodes.indices {
                let received = try await node.run { $0.tap.bytes(on: topic) }.filter { $0.first == UInt8(index) }
                expect(received, (0..<10).map { [UInt8(index), $0] }, "of \(nodes[index].id) at \(node.id)")
            }
        }
    }

    /// Room for so many messages at a time, while another node sends all it has.
    func stopsWithoutRoom() async throws {
        let topics = topics("a", "b", "c")
        func flood(_ numbers: Range<Int>) -> [(BusTopic, [UInt8])] {
            numbers.map { (topics[$0 % 3], Self.bytes($0)) }
        }
        let receiver = try await node("receiver", wanting: topics)
        let publisher = try await node("publisher", wanting: [])
        // Without a pause it changes nothing.
        try await receiver.run { $0.tap.resume() }
        try await receiver.run { $0.tap.resume(for: 10) }
        try await publisher.publish(flood(0..<1000))
        for round in 1...4 {
            try await receiver.wait(for: "pause \(round)") { $0.tap.isPaused }
            // Everything is at the server, and what does not heed the pause has it by then.
            try await publisher.publish(flood(900 + round * 100..<1000 + round * 100))
            try await receiver.run { $0.tap.resume(for: round == 2 ? 1 : 50) }
        }
        try await receiver.wait(for: "the last pause") { $0.tap.isPaused }
        let atPause = try await receiver.run { $0.tap.messages.count }
        try await publisher.publish(flood(1400..<1401))
        let later = try await receiver.run { $0.tap.messages.count }
        expect(later, atPause, "messages without room")
        try await receiver.run { $0.tap.resume() }
        for (index, topic) in topics.enumerated() {
            let expected = Array(stride(from: index, through: 1400, by: 3))
            try await receiver.receive(expected.count, on: topic)
            let numbers = try await receiver.run { $0.tap.bytes(on: topic) }.map(Self.number)
            expect(numbers, expected, "what came in the end on \(topic)")
        }
    }

    /// A number as a payload of four bytes.
    static func bytes(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    static func number(_ bytes: [UInt8]) -> Int { bytes.reduce(0) { $0 &<< 8 | Int($1) } }
}
