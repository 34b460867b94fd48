// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

// What a node wants, and what the server has confirmed of it.
extension BusContractRun {
    /// A hundred changes at once, none of which waits for another.
    func confirmsInterestsInOrder() async throws {
        // Of each three that are changed together all are on one server, where there are several.
        let topics = (0..<100).map { topic("t\($0)" + place($0 / 3)) }
        let node = try await node("a", wanting: [])
        let last = try await node.run { node in
            for (index, topic) in topics.enumerated() {
                node.want(index % 3 == 2 ? [.add(topic), .remove(topics[index - 1])] : [.add(topic)])
            }
            return node.generation
        }
        try await node.wait(for: "the last confirmation") { $0.tap.confirmed >= last }
        let confirmed = try await node.run { $0.tap.confirmed }
        expect(confirmed, last, "the generation confirmed last")
        try await node.publish(topics.map { ($0, [1]) })
        let wanted = topics.indices.filter { $0 % 3 != 1 || $0 == 99 }.map { topics[$0] }
        for topic in wanted { try await node.receive(1, on: topic) }
        let count = try await node.run { $0.tap.messages.count }
        expect(count, wanted.count, "messages in all")
    }

    /// Whatever is published once an interest is confirmed arrives.
    func hasWhatItConfirms() async throws {
        let receiver = try await node("receiver", wanting: [])
        let publisher = try await node("publisher", wanting: [])
        for round in 0..<20 {
            let topic = topic("round \(round)")
            try await receiver.change([.add(topic)])
            try await publisher.publish([(topic, [UInt8(round)])])
            try await receiver.receive(1, on: topic)
        }
    }

    /// A flood on a name that is dropped in the midst of it.
    func endsInterests() async throws {
        let topic = topic("flood")
        let receiver = try await node("receiver", wanting: [topic])
        let publisher = try await node("publisher", wanting: [])
        for part in 0..<20 {
            try await publisher.run { $0.send((0..<25).map { _ in (topic, [UInt8(part)]) }) }
            if part == 10 { try await receiver.run { _ = $0.want([.remove(topic)]) } }
        }
        try await receiver.wait(for: "the confirmation") { $0.tap.confirmed >= $0.generation }
        let generation = try await receiver.run { $0.generation }
        try await publisher.publish((0..<50).map { _ in (topic, [99]) })
        try await expect(nothingOn: topic, at: receiver, since: generation, publisher)
    }

    /// Wants a name again, so that what came of it before is known; nothing may have come after a confirmation.
    ///
    /// Not before all has come that was published until then: where a bus keeps messages, a name counts from where a node reads.
    func expect(
        nothingOn topic: BusTopic,
        at receiver: BusLoopHarness,
        since generation: UInt64,
        _ publisher: BusLoopHarness
    ) async throws {
        let last = try await receiver.run { $0.tap.count(on: $0.inbox) + 1 }
        try await publisher.publish([(receiver.inbox, [99])])
        try await receiver.receive(last, on: receiver.inbox)
        let before = try await receiver.run { $0.tap.count(on: topic) }
        try await receiver.change([.add(topic)])
        try await publisher.publish([(topic, [200])])
        try await receiver.receive(before + 1, on: topic)
        let received = try await receiver.run { node in
            node.tap.bytes(on: topic, from: node.tap.messages(atConfirmationOf: generation))
        }
        expect(received, [[200]], "on \(topic.name.debugDescription) after it was dropped, and wanted again")
        try await receiver.change([.remove(topic)])
    }

    func changesInterestsBackAndForth() async throws {
        let names = topics("on", "off")
        let (on, off) = (names[0], names[1])
        let receiver = try await node("receiver", wanting: [on])
        let publisher = try await node("publisher", wanting: [])
        let changes: [[InterestChange.Step]] = [
            // From change to change, and more often than it makes a difference.
            [.remove(on)], [.add(on)], [.add(off)], [.remove(off)], [.remove(off)], [.add(on)], [.add(on)],
            [.remove(on)],
            // Within one change.
            [.add(on), .remove(on), .add(off)],
            [.add(on), .remove(on), .add(on), .remove(off), .add(off), .remove(off), .add(off)],
            [.remove(on), .add(on), .remove(off), .add(off), .remove(off)],
        ]
        for (round, change) in (changes + changes).enumerated() {
            // The second time none waits for the one before.
            if round < changes.count {
                try await receiver.change(change)
            } else {
                try await receiver.run { _ = $0.want(change) }
            }
        }
        let generation = try await receiver.change([.remove(off)])
        try await publisher.publish([(off, [1]), (on, [1]), (off, [2]), (on, [2])])
        try await receiver.receive(2, on: on)
        let received = try await receiver.run { $0.tap.bytes(on: on) }
        expect(received, [[1], [2]], "on a name that is wanted in the end")
        try await expect(nothingOn: off, at: receiver, since: generation, publisher)
    }

    func beginsAnewWithAConnection() async throws {
        let names = topics("old", "kept", "new")
        let (old, kept, new) = (names[0], names[1], names[2])
        let receiver = try await node("receiver", wanting: [old, kept])
        let publisher = try await node("publisher", wanting: [])
        try await receiver.run { $0.tap.disconnect() }
        try await receiver.connect(wanting: [.add(new), .add(kept)])
        let generation = try await receiver.run { $0.generation }
        try await publisher.publish([(old, [1]), (kept, [1]), (new, [1])])
        for topic in [kept, new] { try await receiver.receive(1, on: topic) }
        try await expect(nothingOn: old, at: receiver, since: generation, publisher)
        for topic in [kept, new] {
            let count = try await receiver.run { $0.tap.count(on: topic) }
            expect(count, 1, "messages on \(topic)")
        }
    }

    func deliversWhatCameMeanwhile() async throws {
        guard contract.features.keepsMessages else { return }
        let topic = topic("kept")
        let receiver = try await node("receiver", wanting: [topic])
        let publisher = try await node("publisher", wanting: [])
        try await publisher.publish((0..<10).map { (topic, [$0]) })
        try await receiver.receive(10, on: topic)
        try await receiver.run { $0.tap.disconnect() }
        try await publisher.publish((10..<20).map { (topic, [$0]) })
        try await receiver.connect(wanting: [.add(topic)])
        try await publisher.publish((20..<30).map { (topic, [$0]) })
        try await receiver.receive(30, on: topic)
        let received = try await receiver.run { $0.tap.bytes(on: topic) }
        expect(received, (0..<30).map { [$0] }, "before, meanwhile and after")
    }
}
