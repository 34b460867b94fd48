// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

@Suite("Frames that must end the connection")
struct WebSocketMalformedFramesTests {
    @Test("the file has them all")
    func count() {
        #expect(MalformedFrames.all.count >= 80)
        let found = Set(MalformedFrames.all.map(\.error))
        #expect(found == Set(WebSocketError.Code.allCases.filter { $0 != .maskedFrame }.map(\.rawValue)))
    }

    @Test("are refused with their close code, however they are cut", arguments: MalformedFrames.all)
    func refused(frames: MalformedFrames) throws {
        let count = frames.bytes.count
        var plans = [[count], Array(repeating: 1, count: count)]
        if count < 500 { plans += (1..<count).map { [$0, count - $0] } }
        for sizes in plans {
            let transcript = try FrameTranscript.read(
                frames.bytes,
                sizes: sizes,
                role: .server,
                maxMessageBytes: 1 << 20
            )
            guard case .refused(let error)? = transcript.events.last else {
                Issue.record("accepted: \(transcript)")
                return
            }
            #expect(error.closeCode == frames.close)
            #expect(error.code.rawValue == frames.error)
            #expect(error.message.utf8.count <= 123)
        }
    }

    @Test("a server's frames are refused as soon as they are masked")
    func maskedByServer() throws {
        for opcode in [WebSocketOpcode.text, .binary, .ping, .close] {
            var bytes: [UInt8] = []
            [].withUnsafeBytes { WebSocketFrame.append(opcode, $0, mask: 0x0102_0304, to: &bytes) }
            let transcript = try FrameTranscript.read(
                Array(bytes.prefix(2)),
                sizes: [1, 1],
                role: .client,
                maxMessageBytes: 10
            )
            #expect(transcript.events == [.refused(WebSocketError(.maskedFrame))])
        }
    }
}
