// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubFuzz
import HubLoop
import HubRedis
import HubTesting
import Testing

@Suite("A connection to a server that answers anything")
struct RedisConnectionTests: FakeLink {
    let loop: EventLoop
    let recorder = Recorder()

    init() throws { loop = try EventLoop() }

    @Test("is open when the whole handshake is answered, which is sent at once")
    func handshake() throws {
        let fake = try FakeRedis(loop)
        let handshake = RedisHandshake(user: "hub", password: BusSecret("p w"), clientName: "n1", database: 3)
        let connection = connect(fake, .commands, handshake)
        #expect(loop.run { fake.text.hasSuffix("PING\r\n") })
        let expected = try [
            RedisCommand("AUTH", "hub", "p w"), RedisCommand("CLIENT", "SETNAME", "n1"), RedisCommand("SELECT", "3"),
            RedisCommand("PING"),
        ].reduce(into: [UInt8]()) { try $1.encode(to: &$0) }
        #expect(fake.received == expected)
        fake.send("+OK\r\n-NOPERM no client for you\r\n+OK\r\n")
        #expect(throws: RedisError.self) { try connection.send(RedisCommand("GET", "a"), token: 1) }
        #expect(!connection.isOpen && !connection.hasRoom)
        fake.send("+PONG\r\n")
        #expect(loop.run { connection.isOpen })
        #expect(recorder.openings == 1 && connection.hasRoom && connection.oldestUnanswered == nil)
        finish(fake, connection)
        #expect(recorder.errors.isEmpty)
    }

    @Test(
        "ends once, with a code and words that help, when the handshake is refused",
        arguments: [
            ("-WRONGPASS invalid username-password pair or user is disabled.\r\n", .authFailed, "WRONGPASS"),
            ("-ERR Client sent AUTH, but no password is set\r\n", .authFailed, "give none"),
            ("-ERR wrong number of arguments for 'auth' command\r\n", .authFailed, "knows no users"),
            (
                "-ERR unknown command 'AUTH', with args beginning with: 'u' 'hunter2'\r\n", .authFailed,
                "unknown command"
            ),
            ("-ERR hunter2 is no password\r\n", .authFailed, "*** is no password"),
            ("-ERR max number of clients reached\r\n", .tooManyClients, "max number"),
            ("-LOADING Redis is loading the dataset in memory\r\n", .loading, "LOADING"),
            ("+OK\r\n-NOAUTH Authentication required.\r\n", .authFailed, "PING"),
            ("+OK\r\n-MASTERDOWN Link with MASTER is down\r\n", .unavailable, "MASTERDOWN"),
            ("HTTP/1.1 400 Bad Request\r\n", .badReply, "Redis"),
        ] as [(String, RedisError.Code, String)]
    )
    func refused(answer: String, code: RedisError.Code, word: String) throws {
        let fake = try FakeRedis(loop) { $0.send(answer) }
        let connection = connect(fake, .commands, RedisHandshake(user: "u", password: BusSecret("hunter2")))
        #expect(loop.run { !recorder.errors.isEmpty })
        let error = try #require(recorder.errors.first)
        #expect(error.code == code)
        #expect(error.message.contains(word) && !error.message.contains("hunter2"))
        #expect(error.message.contains("\(fake.address)"))
        finish(fake, connection)
        #expect(recorder.errors.count == 1 && recorder.openings == 0)
    }

    @Test("takes a server on which it may not ping, and one that knows no client names")
    func tolerant() throws {
        let fake = try FakeRedis(loop) {
            $0.send("-ERR unknown command\r\n-NOPERM this user has no permissions to run the 'ping' command\r\n")
        }
        let connection = connect(fake, .subscriptions, RedisHandshake(clientName: "n"))
        #expect(loop.run { connection.isOpen })
        finish(fake, connection)
    }

    @Test("does not show its password")
    func secret() {
        let secret = BusSecret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(RedisHandshake(user: "u", password: secret), to: &dumped)
        #expect("\(secret)\(String(reflecting: secret))" == "******")
        #expect(!dumped.contains("hunter2") && !dumped.contains("\(UInt8(ascii: "h"))"))
    }

    @Test("hands on answers that come cut at any byte, in the order of the commands")
    func cut() throws {
        let answers = RESPReaderTests.every.map(\.text).joined()
        let values = RESPReaderTests.every.map(\.value)
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake)
        #expect(loop.run { connection.isOpen })
        for index in values.indices { try connection.send(RedisCommand("GET", "a"), token: UInt64(index)) }
        #expect(connection.unansweredCount == values.count && connection.oldestUnanswered != nil)
        for byte in answers.utf8 {
            fake.send([byte])
            loop.runOnce(wait: false)
        }
        #expect(loop.run { recorder.answers.count == values.count })
        #expect(recorder.values == values)
        #expect(recorder.answers.map(\.token) == values.indices.map { UInt64($0) })
        #expect(connection.unansweredCount == 0)
        finish(fake, connection)
    }

    @Test("is for commands or for subscriptions, not both")
    func roles() throws {
        let fake = try FakeRedis(loop) { $0.send(FakeRedis.pong) }
        let connection = connect(fake, .subscriptions)
        #expect(loop.run { connection.isOpen })
        #expect(throws: RedisError.self) { try connection.publish("c", "m") }
        #expect(throws: RedisError.self) { try connection.subscribe(.channel) }
        #expect(connection.unansweredCount == 0)
        fake.send("*3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:0\r\n")
        #expect(loop.run { recorder.pushes.first?.kind == .shardUnsubscribed })
        #expect(recorder.answers.isEmpty && connection.isOpen)
        fake.send("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:0\r\n")
        #expect(loop.run { recorder.code == .badReply })
        finish(fake, connection)
    }
}
