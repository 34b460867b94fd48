// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CHiredis
import HubBus
import HubTesting
import Testing

@testable import HubRedis

@Suite("A Redis command")
struct RedisCommandTests {
    static func encoded(_ command: RedisCommand) throws -> String {
        var output = Array("before ".utf8)
        try command.encode(to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("is appended with its arguments, which may be any bytes")
    func encodes() throws {
        #expect(try Self.encoded(RedisCommand("PING")) == "before *1\r\n$4\r\nPING\r\n")
        var command = RedisCommand("SET", "", "a b\r\n")
        command.append([0, 0x25, 0x73])
        #expect(
            try Self.encoded(command)
                == "before *4\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\na b\r\n\r\n$3\r\n\u{0}%s\r\n"
        )
    }

    @Test("shows its name and no argument, which may be a password")
    func description() {
        #expect("\(RedisCommand("AUTH", "hunter2"))" == "AUTH")
    }

    @Test("that publishes is what hiredis makes of it")
    func publish() throws {
        var random = SplitMix64(seed: 0x9B)
        let sizes = [0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 70_000]
        for size in sizes + (0..<200).map({ _ in Int.random(in: 0...2000, using: &random) }) {
            let channel = bytes(Int.random(in: 0...(size < 200 ? 120 : 20), using: &random), &random)
            let payload = bytes(size, &random)
            for (name, kind) in [("PUBLISH", PublishCommand.publish), ("SPUBLISH", .shardPublish)] {
                var (expected, output) = ([UInt8](), WriteBuffer())
                var command = RedisCommand(name)
                command.append(channel)
                command.append(payload)
                try command.encode(to: &expected)
                #expect(expected == formatted([Array(name.utf8), channel, payload]))
                try output.append(kind, channel: channel, EncodedEnvelope(payload))
                #expect(output.bytes == expected)
            }
        }
    }

    @Test("that is too large is refused before it is copied, and the output stays as it was")
    func tooLarge() {
        var output: [UInt8] = [1]
        // Memory that is never touched costs nothing.
        let tooMany = [UInt8](unsafeUninitializedCapacity: RedisCommand.maxBytes) { $1 = RedisCommand.maxBytes }
        #expect(throws: RedisError(.tooLarge, "a message of 536870912 bytes; 536870912 are the most")) {
            try RedisCommand.append(
                .publish,
                channel: [0x63],
                EncodedEnvelope(tooMany),
                omitsPayload: true,
                to: &output
            )
        }
        #expect(output == [1])
    }

    private func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// What hiredis makes of these words, called in another way.
    private func formatted(_ words: [[UInt8]]) -> [UInt8] {
        let copies = words.map { word in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(word.count, 1))
            for (index, byte) in word.enumerated() { copy[index] = CChar(bitPattern: byte) }
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var pointers = copies.map { UnsafePointer<CChar>?($0) }
        var sizes = words.map(\.count)
        var text: UnsafeMutablePointer<CChar>?
        let count = redisFormatCommandArgv(&text, Int32(words.count), &pointers, &sizes)
        defer { redisFreeCommand(text) }
        return Array(UnsafeRawBufferPointer(start: text, count: Int(count)))
    }
}
