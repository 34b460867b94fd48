// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

/// What answers say of other nodes.
@Suite("Answers while the bus is away")
struct ProtocolBusTests {
    @Test(
        "say so behind the topic, byte for byte",
        arguments: [
            ("a", true, #"{"topic":"a"}"#), ("a", false, #"{"topic":"a","bus":"unavailable"}"#),
            ("\"é\n", false, #"{"topic":"\"é\n","bus":"unavailable"}"#),
        ]
    )
    func bytes(topic: String, isReachable: Bool, data: String) {
        let subscribed = ProtocolProbe.written { bytes in
            HubMessage.subscribed(topic: topic, isReachable: isReachable, messageID: 5, timestamp: 17, to: &bytes)
        }
        #expect(subscribed == #"{"message_id":5,"message_type":"subscribed","data":\#(data),"ts":17}"#)
        let published = ProtocolProbe.written { bytes in
            HubMessage.published(topic: topic, isReachable: isReachable, messageID: -5, timestamp: 17, to: &bytes)
        }
        #expect(published == #"{"message_id":-5,"message_type":"published","data":\#(data),"ts":17}"#)
    }
}
