// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubLoop
import HubRedis
import HubTesting
import Testing

@Suite("A connection with a filter")
struct RedisFilterTests: FakeLink {
    let loop: EventLoop
    let recorder = Recorder()

    init() throws { loop = try EventLoop() }

    @Test("says all through a filter, where there is one")
    func filtered() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hello".utf8) + Array(FakeRedis.pong.utf8))) }
        let filter = Rot()
        let connection = RedisConnection(
            loop: loop,
            to: fake.address,
            role: .commands,
            filter: filter,
            handler: recorder
        )
        #expect(loop.run { connection.isOpen })
        try connection.publish("c", "secret", token: 5)
        fake.send(Rot.turn(Array(":1\r\n".utf8)))
        #expect(loop.run { recorder.answers == [.init(token: 5, value: .integer(1))] })
        let expected =
            try Array("HELLO".utf8) + RedisCommand("PING").encoded() + RedisCommand("PUBLISH", "c", "secret").encoded()
        #expect(loop.run { fake.received.count == expected.count })
        #expect(Rot.turn(fake.received) == expected)
        connection.close()
        #expect(loop.run { fake.hasEnded })
        #expect(Rot.turn(fake.received) == expected + Array("BYE".utf8))
        finish(fake, connection)
    }

    @Test("ends with what its filter says")
    func filterFails() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hullo".utf8))) }
        let connection = RedisConnection(
            loop: loop,
            to: fake.address,
            role: .commands,
            filter: Rot(),
            handler: recorder
        )
        #expect(loop.run { recorder.errors == [RedisError(.badReply, "no greeting")] })
        finish(fake, connection)
    }
}

/// Turns every byte around, and greets and says goodbye, as TLS does in its way.
private final class Rot: ByteFilter {
    private var greeting: [UInt8] = []
    private var waiting: [UInt8] = []
    private var isGreeted = false

    static func turn(_ bytes: [UInt8]) -> [UInt8] { bytes.map { ~$0 } }

    func start(output: inout [UInt8]) { output += Self.turn(Array("HELLO".utf8)) }

    func received(
        _ ciphertext: UnsafeRawBufferPointer,
        plaintext: inout [UInt8],
        output: inout [UInt8]
    ) throws(RedisError) {
        var bytes = Self.turn(Array(ciphertext))[...]
        while !isGreeted, let byte = bytes.popFirst() {
            greeting.append(byte)
            guard Array("hello".utf8).starts(with: greeting) else { throw RedisError(.badReply, "no greeting") }
            isGreeted = greeting.count == 5
            if isGreeted { output += waiting }
        }
        plaintext += bytes
    }

    func send(_ plaintext: UnsafeRawBufferPointer, output: inout [UInt8]) {
        if isGreeted { output += Self.turn(Array(plaintext)) } else { waiting += Self.turn(Array(plaintext)) }
    }

    func finish(output: inout [UInt8]) { output += Self.turn(Array("BYE".utf8)) }
}
