// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubLoop
import HubTesting
import Testing

@testable import HubRedis

@Suite("A connection with a filter")
struct RedisFilterTests: FakeLink {
    let loop: EventLoop
    let recorder = Recorder()

    init() throws { loop = try EventLoop() }

    @Test("says all through a filter, where there is one")
    func filtered() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hello".utf8) + Array(FakeRedis.pong.utf8))) }
        let connection = connect(fake, Rot(), recorder)
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

    @Test("says large payloads through a filter too, however many there are")
    func large() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hello".utf8) + Array(FakeRedis.pong.utf8))) }
        let connection = connect(fake, Rot(), recorder)
        #expect(loop.run { connection.isOpen })
        var expected = try Array("HELLO".utf8) + RedisCommand("PING").encoded()
        for number in 0..<100 {
            let payload = String(repeating: "\(number % 10)", count: number % 3 == 0 ? 10 : 5000)
            try connection.publish("c", payload)
            expected += try RedisCommand("PUBLISH", "c", payload).encoded()
        }
        #expect(loop.run { fake.received.count == expected.count })
        #expect(Rot.turn(fake.received) == expected)
        finish(fake, connection)
    }

    @Test("sends what its filter has to say to what came before what is said in answer to it")
    func order() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hello".utf8) + Array(FakeRedis.pong.utf8))) }
        let connection = connect(fake, Rot(acknowledges: true), recorder)
        #expect(loop.run { connection.isOpen })
        try connection.publish("c", "1", token: 5)
        connection.flush()
        let first = try RedisCommand("PUBLISH", "c", "1").encoded()
        #expect(loop.run { Rot.turn(fake.received).ends(with: first) })
        let payload = String(repeating: "2", count: RedisConnection.keptBytes)
        // So much is written at once, and not when all that was read is handed on.
        recorder.onAnswer = { connection, token in if token == 5 { try? connection.publish("c", payload, token: 6) } }
        let before = fake.received.count
        fake.send(Rot.turn(Array(":1\r\n".utf8)))
        let answer = try RedisCommand("PUBLISH", "c", payload).encoded()
        #expect(loop.run { fake.received.count == before + 3 + answer.count })
        let isInOrder = Rot.turn(fake.received).ends(with: Array("ACK".utf8) + answer)
        #expect(isInOrder)
        finish(fake, connection)
    }

    private func connect(_ fake: FakeRedis, _ filter: Rot, _ handler: Recorder) -> RedisConnection {
        RedisConnection(loop: loop, to: fake.address, role: .commands, filter: filter, handler: handler)
    }

    @Test("ends with what its filter says")
    func filterFails() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hullo".utf8))) }
        let connection = connect(fake, Rot(), recorder)
        #expect(loop.run { recorder.errors == [RedisError(.badReply, "no greeting")] })
        finish(fake, connection)
    }

    @Test("has little at a time go through its filter, however much waits, and all of it in order")
    func refills() throws {
        let fake = try FakeRedis(loop) { $0.send(Rot.turn(Array("hello".utf8) + Array(FakeRedis.pong.utf8))) }
        let connection = RedisConnection(
            loop: loop,
            to: fake.address,
            role: .commands,
            filter: Rot(),
            handler: recorder
        )
        #expect(loop.run { connection.isOpen })
        fake.reads = false
        var expected = try Array("HELLO".utf8) + RedisCommand("PING").encoded()
        var number = 0
        while connection.hasRoom {
            let payload = "\(number) " + String(repeating: "a", count: number % 3 == 0 ? 300_000 : 3_000)
            try connection.publish("c", payload)
            try RedisCommand("PUBLISH", "c", payload).encode(to: &expected)
            number += 1
            if number % 16 == 0 { loop.runOnce(wait: false) }
        }
        var most = 0
        fake.reads = true
        #expect(
            loop.run {
                most = max(most, connection.writing.count)
                return fake.received.count == expected.count
            }
        )
        #expect(most > 0 && most <= RedisConnection.keptBytes)
        #expect(Rot.turn(fake.received) == expected)
        finish(fake, connection)
    }

    @Test("ends when the server makes its filter answer all the time and takes no answer")
    func flood() throws {
        var options = RedisConnectionOptions()
        options.maxUnsentBytes = 1 << 20
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let filter = Chatty()
        let connection = RedisConnection(
            loop: loop,
            to: fake.address,
            role: .commands,
            options: options,
            filter: filter,
            handler: recorder
        )
        #expect(loop.run { connection.isOpen })
        fake.reads = false
        filter.connection = connection
        fake.send([UInt8](repeating: 0, count: 4 << 20))
        #expect(loop.run { !recorder.errors.isEmpty })
        #expect(recorder.code == .closed)
        #expect(recorder.errors.first?.message.contains("does not take the answers") == true)
        // What may wait, and the answers to all that one read takes.
        #expect(filter.mostUnsent <= RedisConnection.keptBytes + (1 << 20) + 16 * RedisConnection.readBytes)
        finish(fake, connection)
    }
}

/// Says sixteen bytes for each that comes after the server's first answer.
private final class Chatty: ByteFilter {
    weak var connection: RedisConnection?
    private(set) var mostUnsent = 0

    func start(output: inout [UInt8]) {}

    func received(_ ciphertext: UnsafeRawBufferPointer, plaintext: inout [UInt8], output: inout [UInt8]) {
        guard connection != nil else { return plaintext += ciphertext }
        output += [UInt8](repeating: 0, count: 16 * ciphertext.count)
        mostUnsent = max(mostUnsent, output.count)
    }

    func send(_ plaintext: UnsafeRawBufferPointer, output: inout [UInt8]) { output += plaintext }
    func finish(output: inout [UInt8]) {}
}

/// Turns every byte around, and greets and says goodbye, as TLS does in its way.
private final class Rot: ByteFilter {
    private var greeting: [UInt8] = []
    private var waiting: [UInt8] = []
    private var isGreeted = false
    /// Whether it says something to all that comes.
    private let acknowledges: Bool

    init(acknowledges: Bool = false) { self.acknowledges = acknowledges }

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
        if acknowledges, isGreeted { output += Self.turn(Array("ACK".utf8)) }
    }

    func send(_ plaintext: UnsafeRawBufferPointer, output: inout [UInt8]) {
        if isGreeted { output += Self.turn(Array(plaintext)) } else { waiting += Self.turn(Array(plaintext)) }
    }

    func finish(output: inout [UInt8]) { output += Self.turn(Array("BYE".utf8)) }
}

extension [UInt8] {
    fileprivate func ends(with other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
