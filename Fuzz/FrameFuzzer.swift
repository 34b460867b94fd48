// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What must hold of frames: the answer is the same however they are cut, messages keep to the limit and texts to UTF-8, and
/// what is written back, whole or in fragments, is read as the same.
package enum FrameFuzzer {
    private static let limits = [1 << 20, 0, 1, 125, 126, 300, 65_535, 70_000]

    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        guard let choice = bytes.first else { return }
        let role: WebSocketRole = choice & 1 == 0 ? .server : .client
        let limit = limits[Int(choice >> 1) % limits.count]
        let stream = Array(bytes.dropFirst())
        var first: FrameTranscript?
        for sizes in FuzzCuts.plans(for: UnsafeRawBufferPointer(rebasing: bytes.dropFirst())) {
            let transcript = try FrameTranscript.read(stream, sizes: sizes, role: role, maxMessageBytes: limit)
            if let first {
                try FuzzFailure.require(transcript == first, "cut \(sizes.prefix(9)): \(transcript), whole: \(first)")
            } else {
                first = transcript
            }
        }
        guard let events = first?.events else { return }
        for event in events { try check(event, limit) }
        try checkWritten(events.filter { !isRefusal($0) }, role, limit, inFragments: false)
        try checkWritten(events.filter { !isRefusal($0) }, role, limit, inFragments: true)
    }

    private static func isRefusal(_ event: FrameTranscript.Event) -> Bool {
        if case .refused = event { true } else { false }
    }

    private static func check(_ event: FrameTranscript.Event, _ limit: Int) throws(FuzzFailure) {
        switch event {
        case .message(let kind, let bytes):
            try FuzzFailure.require(bytes.count <= limit, "a message keeps to the limit")
            guard kind == .text else { return }
            try FuzzFailure.require(String(validating: bytes, as: UTF8.self) != nil, "a text is UTF-8")
        case .ping(let bytes), .pong(let bytes):
            try FuzzFailure.require(bytes.count <= 125, "a control frame has at most 125 bytes")
        case .close(let code, _):
            try FuzzFailure.require(code.map(WebSocketCloseCode.isSendable) ?? true, "a close code may be sent")
        case .refused(let error):
            try FuzzFailure.require([1002, 1007, 1009].contains(error.closeCode), "a refusal has its code")
        }
    }

    private static func checkWritten(
        _ events: [FrameTranscript.Event],
        _ role: WebSocketRole,
        _ limit: Int,
        inFragments: Bool
    ) throws(FuzzFailure) {
        var output: [UInt8] = []
        var expected: [FrameTranscript.Event] = []
        for event in events {
            let mask: UInt32? = role == .server ? 0x8001_7F3C &+ UInt32(truncatingIfNeeded: output.count) : nil
            switch event {
            case .message(let kind, let bytes):
                let opcode: WebSocketOpcode = kind == .text ? .text : .binary
                let parts =
                    inFragments ? [bytes.prefix(bytes.count / 2), bytes.dropFirst(bytes.count / 2)] : [bytes[...]]
                for (index, part) in parts.enumerated() {
                    let isLast = index == parts.count - 1
                    append(index == 0 ? opcode : .continuation, Array(part), fin: isLast, mask, &output)
                    if !isLast {
                        append(.ping, [UInt8(index)], fin: true, mask, &output)
                        expected.append(.ping([UInt8(index)]))
                    }
                }
            case .ping(let bytes): append(.ping, bytes, fin: true, mask, &output)
            case .pong(let bytes): append(.pong, bytes, fin: true, mask, &output)
            case .close(nil, _): append(.close, [], fin: true, mask, &output)
            case .close(let code?, let reason):
                WebSocketFrame.appendClose(code: code, reason: reason, mask: mask, to: &output)
            case .refused: break
            }
            expected.append(event)
        }
        let sizes = output.isEmpty ? [] : [output.count]
        let transcript = try FrameTranscript.read(output, sizes: sizes, role: role, maxMessageBytes: limit)
        try FuzzFailure.require(transcript.events == expected, "written \(expected), read \(transcript)")
    }

    private static func append(
        _ opcode: WebSocketOpcode,
        _ bytes: [UInt8],
        fin: Bool,
        _ mask: UInt32?,
        _ output: inout [UInt8]
    ) {
        bytes.withUnsafeBytes { WebSocketFrame.append(opcode, $0, fin: fin, mask: mask, to: &output) }
    }
}
