// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubTesting
import HubWire
import Testing

@Suite("Receiving random messages")
struct WebSocketRandomTests {
    @Test(
        "random messages, fragmented, interleaved and cut, come out as they went in",
        arguments: 0..<100 as Range<UInt64>
    )
    func random(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let role = WebSocketRole.allCases.randomElement(using: &random) ?? .server
        var stream = RandomStream(role: role)
        for _ in 0..<Int.random(in: 1...12, using: &random) { stream.addMessage(using: &random) }
        var sizes: [Int] = []
        var left = stream.bytes.count
        let largest = [3, 50, 2000, 100_000].randomElement(using: &random) ?? 1
        while left > 0 {
            let size = min(left, Int.random(in: 1...largest, using: &random))
            sizes.append(size)
            left -= size
        }
        let transcript = try FrameTranscript.read(stream.bytes, sizes: sizes, role: role, maxMessageBytes: 200_000)
        #expect(transcript.events == stream.events)
        #expect(!transcript.isMidMessage)
    }
}

/// A connection's bytes, and what they mean.
private struct RandomStream {
    let role: WebSocketRole
    var bytes: [UInt8] = []
    var events: [FrameTranscript.Event] = []

    mutating func addMessage(using random: inout SplitMix64) {
        let isText = Bool.random(using: &random)
        let length = Int.random(in: 0...([10, 130, 3000, 70_000].randomElement(using: &random) ?? 0), using: &random)
        let payload =
            isText ? Self.text(length, &random) : (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        var cuts = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            Int.random(in: 0...payload.count, using: &random)
        }
        cuts = [0] + cuts.sorted() + [payload.count]
        for index in 1..<cuts.count {
            let part = Array(payload[cuts[index - 1]..<cuts[index]])
            let opcode: WebSocketOpcode = index > 1 ? .continuation : isText ? .text : .binary
            add(opcode, part, fin: index == cuts.count - 1, &random)
            if index < cuts.count - 1, Bool.random(using: &random) { addControl(&random) }
        }
        events.append(.message(isText ? .text : .binary, payload))
        if Bool.random(using: &random) { addControl(&random) }
    }

    private mutating func addControl(_ random: inout SplitMix64) {
        let payload = (0..<Int.random(in: 0...125, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
        }
        let isPing = Bool.random(using: &random)
        add(isPing ? .ping : .pong, payload, fin: true, &random)
        events.append(isPing ? .ping(payload) : .pong(payload))
    }

    private mutating func add(_ opcode: WebSocketOpcode, _ payload: [UInt8], fin: Bool, _ random: inout SplitMix64) {
        let mask = role == .server ? UInt32.random(in: 0 ... .max, using: &random) : nil
        payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, fin: fin, mask: mask, to: &bytes) }
    }

    private static func text(_ length: Int, _ random: inout SplitMix64) -> [UInt8] {
        let samples = ["a", "Hello, this is plain text. ", "ü", "€", "😀", "\u{10FFFF}", "\u{0}"]
        var text: [UInt8] = []
        while text.count < length { text += Array((samples.randomElement(using: &random) ?? "a").utf8) }
        return text
    }
}
