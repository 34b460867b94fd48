// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

@Suite("Receiving frames")
struct WebSocketReceiverTests {
    @Test("the examples of RFC 6455, section 5.7")
    func examples() throws {
        let hello = Array("Hello".utf8)
        let single: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(try readInAllWays(single, role: .client).events == [.message(.text, hello)])
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(try readInAllWays(masked).events == [.message(.text, hello)])
        let fragmented: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F]
        #expect(try readInAllWays(fragmented, role: .client).events == [.message(.text, hello)])
        let ping: [UInt8] = [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
        #expect(try readInAllWays(ping, role: .client).events == [.ping(hello)])
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(try readInAllWays(pong).events == [.pong(hello)])
        let bytes256 = (0..<256).map { UInt8($0) }
        #expect(
            try readInAllWays([0x82, 0x7E, 0x01, 0x00] + bytes256, role: .client).events == [
                .message(.binary, bytes256)
            ]
        )
        let bytes64K = (0..<65_536).map { UInt8($0 & 0xFF) }
        let long = [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + bytes64K
        #expect(try readInAllWays(long, role: .client).events == [.message(.binary, bytes64K)])
    }

    @Test("an idle receiver is small and holds no heap")
    func small() throws {
        #expect(MemoryLayout<WebSocketReceiver>.size <= 64)
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 1 << 20)
        #expect(receiver.heldBytes == 0)
        _ = try feed(&receiver, RawFrame.text("gr", fin: false).bytes)
        #expect(receiver.heldBytes > 0)
        #expect(receiver.isMidMessage)
        #expect(try feed(&receiver, RawFrame.more("ü", fin: true).bytes) == [.message(.text, Array("grü".utf8))])
        #expect(receiver.heldBytes == 0)
        #expect(!receiver.isMidMessage)
    }

    @Test("a message that lies whole in the buffer is given from there")
    func zeroCopy() throws {
        var bytes = RawFrame.ping("p").bytes + RawFrame.text("Hello").bytes + RawFrame.binary([1, 2, 3]).bytes
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        let starts = try bytes.withUnsafeMutableBytes { buffer -> [Int] in
            var offset = 0
            var starts: [Int] = []
            while let event = try receiver.next(in: buffer, at: &offset) {
                switch event {
                case .message(_, let payload), .ping(let payload), .pong(let payload):
                    let (start, base) = (try #require(payload.baseAddress), try #require(buffer.baseAddress))
                    starts.append(UnsafeRawPointer(start) - UnsafeRawPointer(base))
                    #expect(receiver.heldBytes == 0)
                case .close, .fragment: break
                }
            }
            #expect(offset == buffer.count)
            return starts
        }
        #expect(starts == [6, 13, 24])
    }

    @Test("what is kept grows with what has come, not with what was announced")
    func noTrust() throws {
        var receiver = WebSocketReceiver(role: .client, maxMessageBytes: .max)
        let header: [UInt8] = [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        _ = try feed(&receiver, header)
        #expect(receiver.heldBytes == 0)
        var sent = 0
        for size in [1, 100, 1000, 5000, 70_000] {
            _ = try feed(&receiver, Array(repeating: 7, count: size))
            sent += size
            #expect(receiver.heldBytes >= sent)
            #expect(receiver.heldBytes <= max(2 * sent, 256))
        }
    }

    @Test("a frame whose end is known takes no more than it needs")
    func exact() throws {
        var receiver = WebSocketReceiver(role: .client, maxMessageBytes: 1000)
        _ = try feed(&receiver, [0x82, 100] + Array(repeating: 7, count: 99))
        #expect(receiver.heldBytes == 100)
    }

    @Test(
        "the limit holds for frames and for messages, and is checked before the payload comes",
        arguments: [0, 1, 125, 126, 70_000]
    )
    func limit(limit: Int) throws {
        let fits = RawFrame.binary(Array(repeating: 1, count: limit))
        let events = try readInAllWays(fits.bytes, maxMessageBytes: limit).events
        #expect(events == [.message(.binary, fits.payload)])
        let tooLong = RawFrame.binary(Array(repeating: 1, count: limit + 1)).bytes
        let headerOnly = Array(tooLong.prefix(tooLong.count - limit - 1))
        #expect(
            try readInAllWays(headerOnly, maxMessageBytes: limit).events == [.refused(WebSocketError(.messageTooBig))]
        )
        let fragments = RawFrame.binary(fits.payload, fin: false).bytes + RawFrame.more([2], fin: true).bytes
        #expect(
            try readInAllWays(fragments, maxMessageBytes: limit).events == [.refused(WebSocketError(.messageTooBig))]
        )
        let empty = RawFrame.binary(fits.payload, fin: false).bytes + RawFrame.more([], fin: true).bytes
        #expect(try readInAllWays(empty, maxMessageBytes: limit).events == [.message(.binary, fits.payload)])
    }

    @Test("control frames do not count for the limit")
    func controlBeyondLimit() throws {
        let bytes = RawFrame.ping(String(repeating: "p", count: 125)).bytes + RawFrame.close(1000, "bye").bytes
        let events = try readInAllWays(bytes, maxMessageBytes: 0).events
        #expect(events == [.ping(Array(repeating: 0x70, count: 125)), .close(1000, "bye")])
    }

    @Test("what follows a close frame is ignored")
    func afterClose() throws {
        let garbage: [UInt8] = [0xFF, 0xFF, 0xFF]
        let bytes = RawFrame.close(1001, "bye").bytes + RawFrame.text("late").bytes + garbage
        #expect(try readInAllWays(bytes).events == [.close(1001, "bye")])
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 10)
        _ = try feed(&receiver, bytes)
        #expect(receiver.isClosed)
        #expect(try feed(&receiver, garbage).isEmpty)
    }

    @Test("a close in the middle of a message drops what was gathered")
    func closeMidMessage() throws {
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        #expect(
            try feed(&receiver, RawFrame.text("half", fin: false).bytes + RawFrame.close().bytes) == [.close(nil, "")]
        )
        #expect(receiver.heldBytes == 0)
        #expect(!receiver.isMidMessage)
    }

    @Test("a mask is undone for every length and from every alignment", arguments: 0...40)
    func masks(length: Int) throws {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        for alignment in 0..<16 {
            // Pings before it move the frame to each place in the buffer.
            let ping = RawFrame.ping(String(repeating: "x", count: alignment)).bytes
            let frame = RawFrame(opcode: 2, payload: payload, mask: [0x01, 0x80, 0xFE, 0x00]).bytes
            let events = try readInAllWays(ping + frame).events
            #expect(events.last == .message(.binary, payload))
        }
    }

    @Test("what precedes the offset is left alone, and offsets at the end find nothing")
    func offsets() throws {
        var bytes: [UInt8] = [1, 2, 3] + RawFrame.text("Hello").bytes
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        try bytes.withUnsafeMutableBytes { buffer in
            var offset = 3
            let event = try #require(try receiver.next(in: buffer, at: &offset))
            #expect(FrameTranscript.Event(event) == .message(.text, Array("Hello".utf8)))
            #expect(try receiver.next(in: buffer, at: &offset) == nil)
            #expect(offset == buffer.count)
        }
        #expect(Array(bytes.prefix(3)) == [1, 2, 3])
        var nothing = 0
        #expect(try receiver.next(in: UnsafeMutableRawBufferPointer(start: nil, count: 0), at: &nothing) == nil)
    }

    @Test("a reader may stop behind every frame, also one that ends no message", arguments: [false, true])
    func fragments(skipping: Bool) throws {
        let frames = [RawFrame.text("a", fin: false), .more("", fin: false), .more("bc", fin: true)]
        var bytes = frames.flatMap(\.bytes)
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        let goesOn = !skipping || receiver.skipToClose()
        #expect(goesOn)
        try bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            var end = 0
            for frame in frames {
                end += frame.bytes.count
                let event = try #require(try receiver.next(in: buffer, at: &offset))
                #expect(offset == end)
                let isWhole = FrameTranscript.Event(event) == .message(.text, Array("abc".utf8))
                #expect(isWhole == (!skipping && end == buffer.count))
            }
            #expect(try receiver.next(in: buffer, at: &offset) == nil)
        }
    }

    @Test("a copy of a receiver goes its own way")
    func copies() throws {
        var one = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        _ = try feed(&one, RawFrame.text("a", fin: false).bytes)
        var other = one
        #expect(try feed(&one, RawFrame.more("b", fin: true).bytes) == [.message(.text, Array("ab".utf8))])
        var third = other
        #expect(try feed(&other, RawFrame.more("", fin: true).bytes) == [.message(.text, [0x61])])
        #expect(try feed(&third, RawFrame.more("c").bytes + RawFrame.ping("p").bytes) == [.ping([0x70])])
        #expect(try feed(&third, RawFrame.more("", fin: true).bytes) == [.message(.text, Array("ac".utf8))])
    }

    @Test(
        "after a message that is too long, or no UTF-8, the peer's close frame is found behind what still comes",
        arguments: [
            [RawFrame.binary([UInt8](repeating: 1, count: 40_000))],
            [RawFrame.text("a", fin: false), .more([UInt8](repeating: 2, count: 300), fin: true)],
            [
                RawFrame.binary([1], fin: false), .more([UInt8](repeating: 3, count: 300)), .ping("p"),
                .more([4], fin: true),
            ],
            [RawFrame.text([0xFF, 0x61])], [RawFrame.text([0x61, 0xC3])],
            [RawFrame.text([0xC3], fin: false), .pong(), .more([0xC3], fin: true)],
            [
                RawFrame.text([0xFF], fin: false), .more([1, 2, 3], fin: true),
                .binary([UInt8](repeating: 5, count: 999)),
            ],
        ]
    )
    func skips(frames: [RawFrame]) throws {
        let bytes = frames.flatMap(\.bytes) + RawFrame.close(1009, "too long").bytes + RawFrame.ping().bytes
        let events = try readInAllWays(bytes, maxMessageBytes: 200).events.filter {
            $0 != .ping([0x70]) && $0 != .pong([])
        }
        #expect(events.count == 2)
        guard case .refused = events.first else {
            Issue.record("not refused: \(events)")
            return
        }
        #expect(events.last == .close(1009, "too long"))
    }

    @Test("whoever begins to close steps over messages of any size, keeps nothing, and finds the peer's close frame")
    func skipsOnRequest() throws {
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        _ = try feed(&receiver, RawFrame.binary([UInt8](repeating: 1, count: 50), fin: false).bytes)
        #expect(receiver.heldBytes > 0)
        let goesOn = receiver.skipToClose()
        #expect(goesOn)
        #expect(receiver.heldBytes == 0)
        for _ in 0..<10 {
            #expect(try feed(&receiver, RawFrame.more([UInt8](repeating: 2, count: 5000)).bytes).isEmpty)
            #expect(receiver.heldBytes == 0)
        }
        let rest = RawFrame.more([], fin: true).bytes + RawFrame.text([0xFF]).bytes + RawFrame.close(1001).bytes
        #expect(try feed(&receiver, rest) == [.close(1001, "")])
        let isOver = !receiver.skipToClose()
        #expect(isOver)
    }

    @Test("a close frame that has come in part is still read when this side begins to close")
    func skipsWithinClose() throws {
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        let close = RawFrame.close(4000, "bye").bytes
        _ = try feed(&receiver, RawFrame.text("a", fin: false).bytes + close.dropLast(2))
        let goesOn = receiver.skipToClose()
        #expect(goesOn)
        #expect(try feed(&receiver, Array(close.suffix(2))) == [.close(4000, "bye")])
    }

    @Test("a client steps over a message that is too long, however its header was cut", arguments: 0...4)
    func clientSkips(cut: Int) throws {
        var receiver = WebSocketReceiver(role: .client, maxMessageBytes: 100)
        let header: [UInt8] = [0x82, 126, 0, 200]
        #expect(throws: WebSocketError(.messageTooBig)) {
            _ = try feed(&receiver, Array(header[..<cut]))
            _ = try feed(&receiver, Array(header[cut...]))
        }
        let goesOn = receiver.skipToClose()
        #expect(goesOn)
        // A header that lies whole in the buffer is not used up.
        let rest = [0, 4].contains(cut) ? header : []
        let close: [UInt8] = [0x88, 2, 0x03, 0xE9]
        #expect(try feed(&receiver, rest + [UInt8](repeating: 7, count: 200) + close) == [.close(1001, "")])
    }

    @Test("after a fault of the framing there is no going on, but a close frame is known at the end of the bytes")
    func endsWithClose() throws {
        var receiver = WebSocketReceiver(role: .server, maxMessageBytes: 100)
        #expect(throws: WebSocketError(.reservedBits)) { try feed(&receiver, [0xFF]) }
        let goesOn = receiver.skipToClose()
        #expect(!goesOn)
        #expect(throws: WebSocketError(.reservedBits)) { try feed(&receiver, RawFrame.close(1000).bytes) }

        let noise: [UInt8] = [0xFF, 0x88, 0x82, 7]
        func ends(_ bytes: [UInt8]) -> Bool {
            bytes.withUnsafeBytes { WebSocketReceiver.endsWithClose($0, code: 1002) }
        }
        for close in [RawFrame.close(1002), .close(1002, "why"), .close(1000), .close()] {
            #expect(ends(close.bytes))
            #expect(ends(noise + close.bytes))
            #expect(!ends(close.bytes + [0]))
            #expect(!ends(Array(close.bytes.dropLast())))
            #expect(!ends(close.unmasked.bytes))
        }
        #expect(!ends(RawFrame.close(1009).bytes))
        #expect(!ends(RawFrame.ping().bytes))
        #expect(!ends([]))
    }

    private func feed(_ receiver: inout WebSocketReceiver, _ bytes: [UInt8]) throws -> [FrameTranscript.Event] {
        var bytes = bytes
        return try bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            var events: [FrameTranscript.Event] = []
            while let event = try receiver.next(in: buffer, at: &offset) {
                if let event = FrameTranscript.Event(event) { events.append(event) }
            }
            #expect(offset == buffer.count)
            return events
        }
    }
}
