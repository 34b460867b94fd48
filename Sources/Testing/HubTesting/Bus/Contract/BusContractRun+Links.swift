// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

// A node's way to its bus on a server that works.
extension BusContractRun {
    func linkIsReadyAfterItsProbe() async throws {
        let topic = topic("news")
        let node = try await linked("a", wanting: [topic])
        try await node.run { $0.publish(topic) }
        try await node.wait(for: "an answer") { $0.answers.isComplete }
        let (flows, codes) = try await node.run { ($0.sink.flows, $0.answers.all.map { $0.map(\.code) }) }
        expect(flows, [true], "what it told of messages flowing")
        expect(codes, [[nil]], "answers")
        // Own copies are the link's.
        let count = try await node.run { $0.sink.messages.count }
        expect(count, 0, "messages of other nodes")
    }

    /// More than may be under way at a time, from two nodes to each other.
    func linkPublishesAll() async throws {
        let topics = topics("a", "b", "c")
        let nodes = [try await linked("a", wanting: topics), try await linked("b", wanting: topics)]
        for node in nodes { try await node.run { $0.publish(6000, to: topics) } }
        for node in nodes {
            try await node.wait(for: "all answers") { $0.answers.all.count == 6000 && $0.answers.isComplete }
            try await node.wait(for: "all messages") { $0.sink.messages.count >= 6000 }
            let (failures, repeated) = try await node.run { node in
                (
                    node.answers.all.lazy.compactMap(\.first?.code).count,
                    node.answers.all.lazy.filter { $0.count != 1 }.count
                )
            }
            expect(failures, 0, "failures at \(node.id)")
            expect(repeated, 0, "publications without one answer at \(node.id)")
            for topic in topics {
                let sequences = try await node.run { $0.sink.sequences(on: topic) }
                expect(sequences, Array(1...2000), "\(topic) at \(node.id)")
            }
        }
    }

    func linkAnswersAllWhenItCloses() async throws {
        let topics = topics("a", "b", "c")
        let node = try await linked("a", wanting: topics)
        try await node.run { node in
            for number in 0..<3000 { node.publish(topics[number % 3]) }
        }
        let hasAll = try await node.run { node in
            for number in 0..<1000 { node.publish(topics[number % 3]) }
            node.close()
            return node.answers.isComplete
        }
        expect(hasAll, "publications have no answer after closing")
        try await node.wait(for: "close to call back") { $0.isClosed }
        try await node.run { $0.publish(topics[0]) }
        let answers = try await node.run { $0.answers.all }
        expect(answers.filter { $0.count != 1 }.count, 0, "publications without one answer")
        expect(answers.last?.first?.code, .closed, "the answer of a closed link")
        let others = answers.compactMap(\.first?.code).filter { $0 != .closed }
        expect(others, [], "failures for other reasons than closing")
    }
}

extension BusLoopHarness {
    /// Publishes so many as fast as the bounds of what is under way allow, to each name in turn; on the loop.
    func publish(_ count: Int, to topics: [BusTopic]) {
        var published = 0
        pump = { [unowned self] in
            while published < count, link?.hasRoom == true {
                publish(topics[published % topics.count])
                published += 1
            }
        }
        loop.wake()
    }
}
