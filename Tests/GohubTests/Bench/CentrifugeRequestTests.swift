// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Testing

@testable import gohub

@Suite("Commands of the centrifuge library")
struct CentrifugeRequestTests {
    /// The text of one short masked frame.
    private func text(_ frame: [UInt8]) -> String {
        let length = Int(frame[1] & 0x7F)
        let start = length == 126 ? 8 : 6
        return String(decoding: frame[start...].map { $0 ^ 0x5A }, as: UTF8.self)
    }

    @Test("connect names the channels to which the server subscribes the client")
    func connect() {
        let frame = CentrifugeRequest.connect(channels: ["a/1", "b"])
        #expect(frame[0] == 0x81)
        #expect(text(frame) == #"{"id":1,"params":{"data":{"channels":["a/1","b"]}}}"#)
        #expect(text(CentrifugeRequest.connect(channels: [])) == #"{"id":1,"params":{"data":{"channels":[]}}}"#)
    }

    @Test("publish carries the payload as a JSON string")
    func publish() {
        let frame = CentrifugeRequest.publish(Array("xyz".utf8), channel: "a")
        #expect(text(frame) == #"{"id":2,"method":3,"params":{"channel":"a","data":"xyz"}}"#)
    }
}
