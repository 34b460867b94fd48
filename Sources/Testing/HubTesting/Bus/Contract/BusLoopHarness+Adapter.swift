// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import HubLoop

// What stands for the link where a check drives the adapter itself.
extension BusLoopHarness {
    /// Connects, and waits until the server has confirmed the node's inbox and what else is wanted.
    package func connect(wanting steps: [InterestChange.Step] = []) async throws {
        try await run { $0.connect() }
        try await wait(for: "the connection") { $0.tap.phase == .up }
        try await change([.add(inbox)] + steps)
    }

    /// Changes what is wanted, and waits until the server has confirmed it, and other servers know of it.
    ///
    /// - Returns: The generation.
    @discardableResult
    package func change(_ steps: [InterestChange.Step]) async throws -> UInt64 {
        let generation = try await run { $0.want(steps) }
        try await wait(for: "the confirmation of generation \(generation)") { $0.tap.confirmed >= generation }
        try await spread?()
        return generation
    }

    /// Publishes, and waits until everything is settled.
    package func publish(_ messages: [(BusTopic, [UInt8])]) async throws {
        let expected = try await run { node in
            node.send(messages)
            return node.sentCount
        }
        try await wait(for: "the settlement of publications") { $0.tap.settledCount >= expected }
    }

    /// Waits until so much arrived on a name.
    package func receive(_ count: Int, on topic: BusTopic) async throws {
        try await wait(for: "\(count) messages on \(topic.name.debugDescription)") { $0.tap.count(on: topic) >= count }
    }

    // MARK: On the loop

    /// Begins an attempt to connect.
    package func connect() {
        if !hasStarted { tap.start() }
        hasStarted = true
        tap.connect()
    }

    /// Asks for a change of what is wanted; returns its generation.
    @discardableResult
    package func want(_ steps: [InterestChange.Step]) -> UInt64 {
        generation += UInt64(steps.count)
        tap.want(InterestChange(steps: steps, generation: generation))
        return generation
    }

    /// Hands messages to the adapter, which has half of the patience to settle them.
    package func send(_ messages: [(BusTopic, [UInt8])]) {
        let deadline = loop.clock.now().nanoseconds &+ (patience / 2).wholeNanoseconds
        let batch = messages.enumerated().map { index, message in
            Outgoing(
                id: nextPublication + UInt64(index),
                topic: message.0,
                envelope: EncodedEnvelope(message.1),
                deadline: deadline
            )
        }
        nextPublication += UInt64(batch.count)
        tap.publish(batch)
    }

    /// How many publications were handed over and not given up.
    package var sentCount: Int { Int(nextPublication) - 1 - tap.givenUpCount }
}
