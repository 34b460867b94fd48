// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTesting
import Testing

@testable import HubRedis

@Suite("What waits to be written to Redis")
struct WriteBufferTests {
    @Test(
        "is what hiredis makes of the commands, however much of it is written at a time",
        arguments: 0..<8 as Range<UInt64>
    )
    func order(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var buffer = WriteBuffer()
        var (expected, written) = ([UInt8](), [UInt8]())
        for _ in 0..<200 {
            for _ in 0..<Int.random(in: 0...80, using: &random) {
                let isLarge = Bool.random(using: &random)
                let size =
                    isLarge ? Int.random(in: 4096...5000, using: &random) : Int.random(in: 0...300, using: &random)
                let payload = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size)
                let before = buffer.count
                if Int.random(in: 0..<8, using: &random) == 0 {
                    try buffer.append(RedisCommand("PING"))
                    try RedisCommand("PING").encode(to: &expected)
                } else {
                    try buffer.append(.publish, channel: [0x63], EncodedEnvelope(payload))
                    var command = RedisCommand("PUBLISH", "c")
                    command.append(payload)
                    try command.encode(to: &expected)
                }
                #expect(buffer.count > before)
            }
            // A socket takes all that is offered, nothing, or a part that ends anywhere.
            let offered = buffer.nextBytes
            let share = [0, offered.count, Int.random(in: 0...offered.count, using: &random)].randomElement(
                using: &random
            )
            written += offered.prefix(share ?? 0)
            buffer.wrote(share ?? 0)
            #expect(buffer.count == expected.count - written.count)
            if buffer.isEmpty { buffer.removeAll(keeping: 1024) }
        }
        written += buffer.bytes
        #expect(written == expected)
    }

    @Test("lends large payloads where they are, and lets go of each when it is written")
    func large() throws {
        var payload = [UInt8](repeating: 0x61, count: WriteBuffer.largeBytes)
        let place = payload.withUnsafeBytes { $0.baseAddress }
        var buffer = WriteBuffer()
        for _ in 0..<100 { try buffer.append(.publish, channel: [0x63], EncodedEnvelope(payload)) }
        let counts = buffer.withPieces { pieces in
            (pieces.count { $0.start == place }, pieces.count { $0.start != place })
        }
        // As many as one write takes: the head before each, and one run behind the last.
        #expect(counts == (32, 33))
        // All payloads, but not what is behind the last.
        buffer.wrote(buffer.count - 2)
        payload[0] = 0x62
        #expect(payload.withUnsafeBytes { $0.baseAddress } == place, "nobody else holds it, so it was not copied")
    }

    @Test("gives back the memory of what is written, also when it never becomes empty")
    func neverEmpty() throws {
        var buffer = WriteBuffer()
        let payload = EncodedEnvelope([UInt8](repeating: 0x61, count: 100))
        let large = EncodedEnvelope([UInt8](repeating: 0x62, count: WriteBuffer.largeBytes))
        for number in 0..<50_000 {
            try buffer.append(.publish, channel: [0x63], number % 10 == 0 ? large : payload)
            if buffer.count > 20_000 { buffer.wrote(buffer.count - 10_000) }
        }
        #expect(buffer.count > 0)
        #expect(buffer.commands.capacity < 256 << 10)
    }

    @Test("copies what is not large", arguments: [0, 1, WriteBuffer.largeBytes - 1])
    func small(size: Int) throws {
        var buffer = WriteBuffer()
        for _ in 0..<100 {
            try buffer.append(.shardPublish, channel: [0x63], EncodedEnvelope([UInt8](repeating: 0x61, count: size)))
        }
        #expect(buffer.withPieces { $0.count } == 1)
    }
}

extension WriteBuffer {
    /// What the next write is offered.
    var nextBytes: [UInt8] {
        withPieces { pieces in
            pieces.flatMap { Array(UnsafeRawBufferPointer(start: $0.start, count: $0.count)) }
        }
    }

    /// All that is not written yet.
    var bytes: [UInt8] {
        var (rest, bytes) = (self, [UInt8]())
        while !rest.isEmpty {
            let next = rest.nextBytes
            bytes += next
            rest.wrote(next.count)
        }
        return bytes
    }
}
