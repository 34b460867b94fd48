// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import HubWire
import Testing

extension HubHarness {
    /// Expects that every delivery is accounted for.
    func expectBalanced(sourceLocation: SourceLocation = #_sourceLocation) {
        let fault = imbalance()
        #expect(fault == nil, sourceLocation: sourceLocation)
    }

    /// Ends every connection and expects that nothing is left of them.
    func expectEmptyAfterAllLeft(sourceLocation: SourceLocation = #_sourceLocation) {
        disconnectAll()
        let left = leftovers()
        #expect(left == nil, sourceLocation: sourceLocation)
        expectBalanced(sourceLocation: sourceLocation)
    }
}

/// Settings with a small queue, so that few messages fill it.
func settings(
    messages: Int = 256,
    bytes: Int = 1 << 20,
    policy: SlowClientPolicy = .disconnect
) -> HubSettings {
    var settings = HubSettings()
    settings.queue = QueueLimits(messages: messages, bytes: bytes)
    settings.slowClientPolicy = policy
    return settings
}

/// A `message` as subscribers get it.
func message(_ id: Int, topic: String, payload: String, from: ClientID) -> String {
    hubMessage(id, "message", #"{"topic":"\#(topic)","payload":\#(payload),"from":"\#(from)"}"#)
}

/// Any message of the hub, while the clock stands where it began.
func hubMessage(_ id: Int, _ type: String, _ data: String) -> String {
    #"{"message_id":\#(id),"message_type":"\#(type)","data":\#(data),"ts":\#(HubHarness.epochMilliseconds)}"#
}

/// An answer that carries a topic.
func answer(_ id: Int, _ type: String, topic: String) -> String {
    hubMessage(id, type, #"{"topic":"\#(topic)"}"#)
}

/// A text frame of exactly so many bytes on the wire, all of one letter; at least 2, and not 128 or 129.
func textOfFrame(_ letter: Character, byteCount: Int) -> String {
    String(repeating: letter, count: byteCount < 128 ? byteCount - 2 : byteCount - 4)
}
