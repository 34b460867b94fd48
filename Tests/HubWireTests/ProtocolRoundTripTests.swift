// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("The client protocol, written and read back")
struct ProtocolRoundTripTests {
    @Test("a message comes out as it is documented, byte for byte")
    func messageText() {
        let payload = Array(#"{ "a" : [1.0, 2e3] }"#.utf8)
        var bytes: [UInt8] = []
        payload.withUnsafeBytes { payload in
            HubMessage.message(
                topic: "room \"1\"",
                payload: payload,
                from: "c1",
                timestamp: 1_700_000_000_000,
                to: &bytes
            )
        }
        let expected =
            #"{"message_id":0,"message_type":"message","data":{"topic":"room \"1\"","#
            + #""payload":{ "a" : [1.0, 2e3] },"from":"c1"},"ts":1700000000000}"#
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test("a publish request is read with its payload untouched")
    func publish() throws {
        let text = Array(
            #"{"message_id":7,"message_type":"publish","data":{"topic":"a","payload": [ 1 ] },"ts":1}"#.utf8
        )
        try text.withUnsafeBytes { bytes in
            let message = try ClientMessage.parse(bytes)
            #expect(message.messageID == 7)
            #expect(message.knownType == .publish)
            #expect(message.timestamp == 1)
            let data = try message.requiredData(in: bytes)
            let request = try PublishRequest.parse(data)
            #expect(request.topic == "a")
            #expect(request.echo)
            #expect(String(decoding: data[request.payload], as: UTF8.self) == "[ 1 ]")
        }
    }
}
