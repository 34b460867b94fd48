// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import Synchronization

/// Keeps what it gets from a bus, and lets a test wait for it.
package final class RecordingReceiver: BusReceiver {
    /// One message.
    package struct Message: Sendable, Equatable {
        /// The topic on which it came.
        package let topic: String
        /// What it carried.
        package let bytes: [UInt8]

        /// Puts one together.
        package init(_ topic: String, _ bytes: [UInt8]) {
            self.topic = topic
            self.bytes = bytes
        }
    }

    private struct State {
        var messages: [Message] = []
        var waiters: [(count: Int, gate: Gate)] = []
    }

    private let state = Mutex(State())

    /// Starts empty.
    package init() {}

    /// What has come so far, in order.
    package var messages: [Message] { state.withLock { $0.messages } }

    package func receive(_ bytes: [UInt8], on topic: String) {
        let ready = state.withLock { state in
            state.messages.append(Message(topic, bytes))
            let count = state.messages.count
            let ready = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return ready
        }
        for waiter in ready { waiter.gate.open() }
    }

    /// Returns as soon as there are so many messages, or when the time is over; what there is then.
    package func messages(atLeast count: Int, within limit: Duration = .seconds(10)) async -> [Message] {
        let gate = Gate()
        let isReady = state.withLock { state in
            if state.messages.count < count { state.waiters.append((count, gate)) }
            return state.messages.count >= count
        }
        if !isReady { await gate.wait(atMost: limit) }
        return messages
    }
}
