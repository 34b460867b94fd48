// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Commands of the centrifuge library's first JSON protocol, each a whole masked frame.
enum CentrifugeRequest {
    /// Opens the session; the peer of the benchmarks subscribes it to the channels that stand in `data`.
    static func connect(channels: [String]) -> [UInt8] {
        let names = channels.map { "\"\($0)\"" }.joined(separator: ",")
        return frame(#"{"id":1,"params":{"data":{"channels":[\#(names)]}}}"#)
    }

    /// Publishes a payload of plain ASCII as a JSON string.
    static func publish(_ payload: [UInt8], channel: String) -> [UInt8] {
        let text = String(decoding: payload, as: UTF8.self)
        return frame(#"{"id":2,"method":3,"params":{"channel":"\#(channel)","data":"\#(text)"}}"#)
    }

    private static func frame(_ text: String) -> [UInt8] {
        var frame: [UInt8] = []
        Array(text.utf8).withUnsafeBytes { WebSocketFrame.append(.text, $0, mask: 0x5A5A_5A5A, to: &frame) }
        return frame
    }
}
