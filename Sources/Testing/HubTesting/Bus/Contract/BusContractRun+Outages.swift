// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop

// A node's way to its bus while the server fails.
extension BusContractRun {
    /// How much later than its deadline an answer may be, by the loop's own clock.
    ///
    /// A loop comes to it within 10 ms on a machine that is idle; a test machine may be anything but that, and what is looked for
    /// is an answer that waits for the server, which takes as long as the check lets the server stand still.
    private static let slack: UInt64 = 2_000_000_000

    func linkComesBack() async throws {
        guard let interrupt = contract.faults.interrupt, let restore = contract.faults.restore else { return }
        let topics = topics("kept", "old", "new")
        let (kept, old, new) = (topics[0], topics[1], topics[2])
        let node = try await linked("a", wanting: [kept, old])
        let other = try await linked("b", wanting: [kept])
        try await node.run { node in
            for _ in 0..<2000 { node.publish(kept) }
        }
        try await interrupt()
        for node in [node, other] { try await node.wait(for: "the loss to be noticed") { $0.sink.flows.last == false } }
        try await expectRefusal(at: node)
        try await node.run { node in
            node.link?.interest.drop(old)
            node.link?.interest.want(new)
        }
        try await restore()
        for node in [node, other] { try await node.waitUntilReady() }
        let generation = try await node.run { $0.link?.interest.generation ?? 0 }
        try await publish([old, kept, new], from: other, to: node, expecting: [kept, new])
        try await node.run { _ = $0.link?.interest.want(old) }
        try await node.wait(for: "the confirmation") { $0.tap.confirmed > generation }
        try await node.spread?()
        try await publish([old, kept, new], from: other, to: node, expecting: [old, kept, new])
        try await publish([kept], from: node, to: other, expecting: [kept])
        for (topic, expected) in [(kept, [1, 2]), (new, [1, 2]), (old, [2])] as [(BusTopic, [UInt64])] {
            let sequences = try await node.run { $0.sink.sequences(on: topic) }
            expect(sequences, expected, "what came on \(topic)")
        }
        try await expectOneAnswerEach(node)
        let sequences = try await other.run { $0.sink.sequences(on: kept) }
        expect(sequences, Set(sequences).sorted(), "what came of a node that was cut off")
        for node in [node, other] {
            let flows = try await node.run { $0.sink.flows }
            expect(flows, [true, false, true], "what \(node.id) told of messages flowing")
        }
    }

    func linkAnswersInTimeWhileFrozen() async throws {
        guard let freeze = contract.faults.freeze, let thaw = contract.faults.thaw else { return }
        let topics = topics("a", "b", "c")
        let late = topic("late")
        let timeout: UInt64 = 100_000_000
        let node = try await linked("a", wanting: topics) { settings in
            settings.publishTimeout = timeout
            settings.supervisor.patience = 100_000_000
        }
        let other = try await linked("b", wanting: topics)
        try await freeze()
        let (messages, generation) = try await node.run { node in
            for number in 0..<100 { node.publish(topics[number % 3]) }
            node.link?.interest.want(late)
            return (node.tap.messages.count, node.tap.confirmed)
        }
        try await node.wait(for: "answers by the deadline") { $0.answers.isComplete }
        let answers = try await node.run { $0.answers.all.compactMap(\.first) }
        expect(Set(answers.map(\.code)), [.timeout], "answers of a server that says nothing")
        let range = answers.map(\.elapsed).reduce(into: (timeout, timeout)) { $0 = (min($0.0, $1), max($0.1, $1)) }
        expect(range.0 >= timeout, "a publication was given up after \(range.0) ns, before its deadline")
        expect(range.1 <= timeout + Self.slack, "a publication was given up only after \(range.1) ns")
        func expectSilence() async throws {
            let (moved, confirmed) = try await node.run { ($0.tap.messages.count, $0.tap.confirmed) }
            expect(moved, messages, "messages, of which none comes from a server that says nothing")
            expect(confirmed, generation, "the generation that such a server has confirmed")
        }
        // Before the wait as well: who hears itself without a server never doubts.
        try await expectSilence()
        try await node.wait(for: "doubt") { $0.sink.flows.last == false }
        try await node.wait(for: "publications to be stopped") { $0.link?.takesPublications == false }
        try await expectRefusal(at: node)
        try await expectSilence()
        try await thaw()
        try await node.waitUntilReady()
        try await publish(topics, from: node, to: other, expecting: topics)
        try await publish([late], from: other, to: node, expecting: [late])
        try await expectOneAnswerEach(node)
        for topic in topics {
            let sequences = try await other.run { $0.sink.sequences(on: topic) }
            expect(sequences, Set(sequences).sorted(), "what came of it once the server went on")
        }
    }

    func linkLeavesAFrozenServer() async throws {
        guard let freeze = contract.faults.freeze, let thaw = contract.faults.thaw else { return }
        let topic = topic("news")
        let node = try await linked("a", wanting: [topic]) { settings in
            settings.publishTimeout = 50_000_000
            settings.supervisor.patience = 50_000_000
            // Short, and yet both fit into what the check waits.
            settings.supervisor.probeTimeout = min(300_000_000, contract.patience.wholeNanoseconds / 5)
            settings.supervisor.attemptTimeout = min(500_000_000, contract.patience.wholeNanoseconds / 4)
        }
        let other = try await linked("b", wanting: [])
        try await freeze()
        let before = try await node.run { node in
            node.publish(topic)
            return node.tap.disconnects
        }
        // The connection that stood, and one attempt at another.
        try await node.wait(for: "the server to be left") { $0.tap.disconnects >= before + 2 }
        try await thaw()
        try await node.waitUntilReady()
        try await publish([topic], from: other, to: node, expecting: [topic])
        try await expectOneAnswerEach(node)
    }

    /// Publishes to some names and waits until what is wanted has come.
    private func publish(
        _ topics: [BusTopic],
        from sender: BusLoopHarness,
        to receiver: BusLoopHarness,
        expecting wanted: [BusTopic]
    ) async throws {
        let before = try await receiver.run { node in wanted.map { node.sink.sequences(on: $0).count } }
        try await sender.run { node in
            for topic in topics { node.publish(topic) }
        }
        for (topic, count) in zip(wanted, before) {
            try await receiver.wait(for: "a message on \(topic)") { $0.sink.sequences(on: topic).count > count }
        }
    }

    private func expectRefusal(at node: BusLoopHarness) async throws {
        let topic = topic("refused")
        let codes = try await node.run { node in
            node.publish(topic)
            return node.answers.last.map(\.code)
        }
        expect(codes, [.disconnected], "the answer, at once, of a link that is down")
    }

    private func expectOneAnswerEach(_ node: BusLoopHarness) async throws {
        try await node.wait(for: "all answers") { $0.answers.isComplete }
        let wrong = try await node.run { $0.answers.all.lazy.filter { $0.count != 1 }.count }
        expect(wrong, 0, "publications without one answer")
    }
}
