// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubRedis
import HubTesting
import Testing

@Suite("A connection ends")
struct RedisConnectionEndTests: FakeLink {
    let loop: EventLoop
    let recorder = Recorder()

    init() throws { loop = try EventLoop() }

    @Test(
        "ends once when the server sends what it may not",
        arguments: [
            ("?", .badReply), ("$600000000\r\n", .tooLarge), ("*1000000000\r\n", .tooLarge),
            ("+OK\r\n+OK\r\n", .badReply), ("+OK\r\n-ERR max number of clients reached\r\n", .tooManyClients),
        ] as [(String, RedisError.Code)]
    )
    func garbage(text: String, code: RedisError.Code) throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake)
        #expect(loop.run { connection.isOpen })
        try connection.send(RedisCommand("GET", "a"), token: 1)
        fake.send(text)
        #expect(loop.run { fake.hasEnded })
        #expect(recorder.errors.map(\.code) == [code])
        finish(fake, connection)
        #expect(recorder.errors.count == 1)
    }

    @Test("ends once when the server closes or resets, with the commands that got no answer", arguments: [false, true])
    func serverCloses(resets: Bool) throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake)
        #expect(loop.run { connection.isOpen && fake.text.hasSuffix("PING\r\n") })
        if resets { fake.reads = false }
        for token in 1...3 { try connection.send(RedisCommand("GET", "a"), token: UInt64(token)) }
        connection.flush()
        if !resets {
            #expect(loop.run { fake.text.hasSuffix("a\r\n") })
            fake.send("+1\r\n$5\r\nab")
            loop.runOnce(wait: false)
        }
        fake.close()
        #expect(loop.run { !recorder.errors.isEmpty })
        #expect(recorder.code == .closed)
        #expect(connection.unanswered == (resets ? [1, 2, 3] : [2, 3]))
        #expect(resets || recorder.errors[0].message.contains("in the middle of a reply"))
        #expect(throws: RedisError.self) { try connection.ping(token: 9) }
        finish(fake, connection)
        #expect(recorder.errors.count == 1)
    }

    @Test("ends once when nobody listens, and when there is no such host")
    func connectFails() throws {
        let fake = try FakeRedis(loop)
        let address = fake.address
        fake.end()
        for address in [address, SocketAddress(host: String(repeating: "x", count: 64) + ".invalid", port: 1)] {
            let recorder = Recorder()
            let connection = RedisConnection(loop: loop, to: address, role: .commands, handler: recorder)
            #expect(recorder.errors.isEmpty, "not within the call")
            #expect(loop.run { !recorder.errors.isEmpty })
            #expect(recorder.code == .connectFailed && !connection.isOpen)
        }
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("ends once when the server takes too long to connect or to answer the handshake", arguments: [false, true])
    func timesOut(connects: Bool) throws {
        let fake = try FakeRedis(loop, accepts: false)
        var fillers: [Int32] = []
        var options = RedisConnectionOptions()
        var address = fake.address
        if connects {
            options.handshakeTimeout = .milliseconds(20)
        } else {
            options.connectTimeout = .milliseconds(20)
            // A queue that is full does not answer: Linux takes one connection more than the backlog.
            let listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0), backlog: 0)
            address = try Socket.localAddress(listener)
            fillers = try (0..<8).map { _ in try Socket.connect(to: address) } + [listener]
        }
        _ = RedisConnection(
            loop: loop,
            to: address,
            role: .commands,
            options: options,
            handler: recorder
        )
        #expect(loop.run { !recorder.errors.isEmpty })
        #expect(recorder.code == .timedOut)
        #expect(!connects || recorder.errors[0].message.contains("PING"))
        fillers.forEach(Socket.close)
        fake.end()
        loop.stop()
        #expect(loop.join() == nil)
    }

    @Test("says no more once it is closed, at whatever time", arguments: 0...3)
    func closes(stage: Int) throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake)
        if stage > 0 { loop.runOnce(wait: false) }
        if stage > 1 { #expect(loop.run { connection.isOpen }) }
        if stage > 2 {
            recorder.onAnswer = { connection, _ in connection.close() }
            for token in 0..<3 as Range<UInt64> { try connection.ping(token: token) }
            fake.send("+PONG\r\n+PONG\r\n+PONG\r\n")
            #expect(loop.run { recorder.answerCount > 0 })
        } else {
            connection.close()
        }
        connection.close()
        for _ in 0..<5 { loop.runOnce(wait: false) }
        #expect(recorder.errors.isEmpty && recorder.openings == (stage > 1 ? 1 : 0))
        #expect(recorder.answerCount == (stage > 2 ? 1 : 0))
        finish(fake, connection)
    }

    @Test("goes with its handler when the loop is stopped", arguments: [false, true])
    func stops(isOpen: Bool) throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        weak var gone: RedisConnection?
        do {
            let connection = connect(fake)
            if isOpen {
                #expect(loop.run { connection.isOpen })
                try connection.ping(token: 1)
            }
            gone = connection
        }
        #expect(gone != nil)
        fake.end()
        loop.stop()
        #expect(loop.join() == nil)
        #expect(gone == nil)
    }

    @Test("notices the end of a paused connection when reading goes on")
    func pausedEnd() throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake)
        #expect(loop.run { connection.isOpen })
        connection.pauseReading()
        fake.close()
        for _ in 0..<3 { loop.runOnce(wait: false) }
        #expect(recorder.errors.isEmpty)
        connection.resumeReading()
        #expect(loop.run { recorder.code == .closed })
        finish(fake, connection)
    }
}
