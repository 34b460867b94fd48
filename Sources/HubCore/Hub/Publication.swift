// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

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

    /// Makes one; the payload is what receivers get, byte for byte.
    package init(
        topic: TopicName,
        opcode: UInt8,
        payload: [UInt8],
        ingress: UInt64,
        excluded: ClientHandle? = nil
    ) {
        self.topic = topic
        self.opcode = opcode
        self.payload = payload
        self.ingress = ingress
        self.excluded = excluded
    }
}
