// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a bridge goes by; times are nanoseconds.
package struct BridgeSettings: Sendable {
    /// This node's version.
    package var version = ""
    /// How long a topic stays wanted after the last subscriber has left.
    package var unsubscribeAfter: UInt64 = 1_000_000_000
    /// How long `subscribed` waits for the bus.
    package var confirmTimeout: UInt64 = 2_000_000_000
    /// How long a request to another node may take.
    package var requestTimeout: UInt64 = 2_000_000_000
    /// How often a node says who it is.
    package var heartbeat: UInt64 = 5_000_000_000
    /// How long a node may be silent before it counts as gone.
    package var memberTimeout: UInt64 = 15_000_000_000
    /// How long a node looks for others, and for one of its own name, before it serves.
    package var startWindow: UInt64 = 1_000_000_000
    /// How long the end waits for answers of the bus.
    package var closeTimeout: UInt64 = 1_000_000_000
    /// How many bytes of publications wait while the bus is away; 0 lets them fail at once.
    package var bufferBytes = 0
    /// How long one of them may wait.
    package var bufferAge: UInt64 = 10_000_000_000
    /// The longest message that clients get.
    package var maxMessageBytes = 1 << 20

    /// The defaults.
    package init() {}
}
