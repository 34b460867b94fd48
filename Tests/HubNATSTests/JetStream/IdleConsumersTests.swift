// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubNATS

@Suite("Consumers of nodes that are gone")
struct IdleConsumersTests {
    private func consumer(
        _ name: String,
        waiting: Int = 0,
        deliveries: Int = 0,
        by owner: String = ConsumerDefinition.description
    ) -> ConsumerInfo {
        ConsumerInfo(
            .object([
                "name": .string(name), "config": .object(["description": .string(owner)]),
                "num_waiting": .number(Double(waiting)),
                "delivered": .object(["consumer_seq": .number(Double(deliveries))]),
            ])
        )
    }

    private func expect(_ dead: [String], _ names: [String], at location: SourceLocation = #_sourceLocation) {
        #expect(dead == names, sourceLocation: location)
    }

    @Test("one that two looks find idle is dead")
    func idle() {
        var sweep = IdleConsumers()
        expect(sweep.look([consumer("a"), consumer("b")], own: "own"), [])
        expect(sweep.look([consumer("a"), consumer("c")], own: "own"), ["a"])
        // What was deleted, or is gone by itself, is forgotten.
        expect(sweep.look([consumer("c"), consumer("b")], own: "own"), ["c"])
        expect(sweep.look([], own: "own"), [])
        expect(sweep.look([consumer("b")], own: "own"), [])
    }

    @Test("one that waits for messages, has taken some, is our own or another's stays")
    func alive() {
        var sweep = IdleConsumers()
        for look in 0..<5 {
            let consumers = [
                consumer("waits", waiting: 1), consumer("takes", deliveries: look), consumer("own"),
                consumer("foreign", by: "somebody"), consumer("nobody's", by: ""), consumer("turns", waiting: look % 2),
            ]
            expect(sweep.look(consumers, own: "own"), [])
        }
    }

    @Test("a list with one name twice is read")
    func twice() {
        var sweep = IdleConsumers()
        expect(sweep.look([consumer("a"), consumer("a", deliveries: 1)], own: ""), [])
        expect(sweep.look([consumer("a")], own: ""), ["a"])
    }
}
