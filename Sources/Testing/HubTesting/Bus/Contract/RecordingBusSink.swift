// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus

/// What stands behind a link in tests: writes down what comes.
package final class RecordingBusSink: BusSink {
    /// One envelope of another node.
    package struct Message: Hashable, Sendable {
        package let topic: BusTopic
        package let sequence: UInt64
        package let payload: [UInt8]
    }

    package private(set) var messages: [Message] = []
    package private(set) var bare: [(topic: BusTopic, bytes: [UInt8])] = []
    package private(set) var confirmed: [UInt64] = []
    /// What the server refused.
    package private(set) var refused: [BusTopic] = []
    /// Whether messages flow, each time that it changed.
    package private(set) var flows: [Bool] = []
    /// The numbers of the canaries that came back.
    package private(set) var canaries: [UInt64] = []
    /// What each message is answered with.
    package var hasRoom = true
    /// Called when messages begin to flow, or cease to.
    package var onFlow: ((Bool) -> Void)?

    /// Has seen nothing yet.
    package init() {}

    package func received(_ envelope: Envelope, on topic: BusTopic, at now: UInt64) {
        messages.append(Message(topic: topic, sequence: envelope.sequence, payload: Array(envelope.payload)))
    }

    package func receivedBare(_ bytes: UnsafeRawBufferPointer, on topic: BusTopic) {
        bare.append((topic, Array(bytes)))
    }

    package func confirmed(_ generation: UInt64) { confirmed.append(generation) }

    package func refused(_ topic: BusTopic) { refused.append(topic) }

    package func flows(_ isReady: Bool) {
        flows.append(isReady)
        onFlow?(isReady)
    }

    package func canaryReturned(_ number: UInt64, at now: UInt64) -> Bool {
        guard !canaries.contains(number) else { return false }
        canaries.append(number)
        return true
    }

    /// The numbers of what came on a name, in order.
    package func sequences(on topic: BusTopic) -> [UInt64] {
        messages.lazy.filter { $0.topic == topic }.map(\.sequence)
    }
}
