// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire
import Synchronization

/// One published message on its way to every shard and to the bus; its bytes are shared, never copied per client.
package final class Publication: Sendable {
    /// `broadcast`, or the topic whose subscribers get it.
    package let topic: TopicName
    /// The WebSocket opcode of its frames: 1 text, 2 binary.
    package let opcode: UInt8
    /// What the frames carry.
    package let payload: [UInt8]
    /// When the message was read from its socket, monotonic nanoseconds.
    package let ingress: UInt64
    /// The publisher that does not want it back.
    package let excluded: ClientHandle?

    /// How many loops have still to say that nobody there receives it; 0 from the start when nobody counts.
    private let loopsToMiss: Atomic<Int>
    private let isCounted: Bool

    /// Makes one; the payload is what receivers get, byte for byte.
    ///
    /// - Parameter loopsToMiss: How many more loops look for receivers, if there was none so far and this is counted.
    package init(
        topic: TopicName,
        opcode: UInt8,
        payload: [UInt8],
        ingress: UInt64,
        excluded: ClientHandle? = nil,
        loopsToMiss: Int = 0
    ) {
        self.topic = topic
        self.opcode = opcode
        self.payload = payload
        self.ingress = ingress
        self.excluded = excluded
        self.loopsToMiss = Atomic(loopsToMiss)
        isCounted = loopsToMiss > 0
    }

    /// Notes that nobody on one loop receives it; true on the last loop when nobody on any did.
    ///
    /// A loop with a receiver says nothing, so that the number never comes to 0.
    func wasMissedByLastLoop() -> Bool {
        isCounted && loopsToMiss.subtract(1, ordering: .relaxed).newValue == 0
    }
}
