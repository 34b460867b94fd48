// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubLoop
import HubRedis
import HubTesting
import Testing

@Suite("A connection with more than it can take")
struct RedisConnectionFlowTests: FakeLink {
    let loop: EventLoop
    let recorder = Recorder()

    init() throws { loop = try EventLoop() }

    @Test("hands nothing on while it is paused, and everything in order afterwards")
    func pauses() throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake)
        #expect(loop.run { connection.isOpen })
        recorder.onAnswer = { connection, token in if token % 2 == 0 { connection.pauseReading() } }
        for token in 0..<10 as Range<UInt64> { try connection.ping(token: token) }
        fake.send((0..<10).map { ":\($0)\r\n" }.joined())
        for count in [1, 3, 5, 7, 9, 10] {
            #expect(loop.run { recorder.answers.count >= count })
            for _ in 0..<3 { loop.runOnce(wait: false) }
            #expect(recorder.answers.count == count)
            #expect(connection.isPaused == (count < 10))
            connection.resumeReading()
        }
        #expect(recorder.values == (0..<10).map { .integer($0) })
        finish(fake, connection)
    }

    @Test("takes commands up to a bound, and tells when there is room again")
    func room() throws {
        var options = RedisConnectionOptions()
        options.maxUnsentBytes = 100_000
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake, .commands, RedisHandshake(), options)
        #expect(loop.run { connection.isOpen })
        fake.reads = false
        var taken = 0
        while connection.hasRoom {
            try connection.publish("c", [UInt8](repeating: 0x61, count: 10_000))
            taken += 1
            connection.flush()
        }
        #expect(connection.unsentBytes >= 100_000 && connection.unsentBytes < 120_000)
        #expect(throws: RedisError(.full, "too much waits to be sent or answered")) {
            try connection.publish("c", "more")
        }
        fake.reads = true
        #expect(loop.run { recorder.roomReports == 1 })
        #expect(connection.hasRoom && connection.unsentBytes <= 50_000)
        #expect(loop.run { connection.unsentBytes == 0 })
        let one = try RedisCommand("PUBLISH", "c", String(repeating: "a", count: 10_000)).encoded()
        #expect(loop.run { fake.received.count >= taken * one.count })
        let sent = Array(fake.received.suffix(taken * one.count))
        #expect(sent == (0..<taken).flatMap { _ in one })
        finish(fake, connection)
    }

    @Test("lets only so many commands wait for their answer")
    func unanswered() throws {
        var options = RedisConnectionOptions()
        options.maxUnanswered = 10
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake, .commands, RedisHandshake(), options)
        #expect(loop.run { connection.isOpen })
        for token in 0..<10 as Range<UInt64> { try connection.ping(token: token) }
        #expect(!connection.hasRoom && connection.unanswered == Array(0..<10))
        fake.send(String(repeating: "+PONG\r\n", count: 4))
        #expect(loop.run { recorder.answerCount == 4 })
        #expect(!connection.hasRoom)
        fake.send("+PONG\r\n")
        #expect(loop.run { recorder.roomReports == 1 })
        #expect(connection.hasRoom && connection.unanswered == Array(5..<10))
        finish(fake, connection)
    }

    @Test("lets others have their turn when what came takes long, and goes on by itself")
    func turns() throws {
        let clock = VirtualClock()
        let loop = try EventLoop(clock: clock)
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = RedisConnection(loop: loop, to: fake.address, role: .commands, handler: recorder)
        #expect(loop.run { connection.isOpen })
        recorder.onAnswer = { _, _ in clock.advance(by: .milliseconds(1)) }
        for token in 0..<4000 as Range<UInt64> { try connection.ping(token: token) }
        fake.send((0..<4000).map { ":\($0)\r\n" }.joined())
        var turns = 0
        var before = 0
        #expect(
            loop.run {
                if recorder.answerCount > before { turns += 1 }
                before = recorder.answerCount
                return before == 4000
            }
        )
        #expect(turns > 10)
        #expect(recorder.values == (0..<4000).map { .integer($0) })
        fake.end()
        connection.close()
        loop.stop()
        #expect(loop.join() == nil)
    }
}
