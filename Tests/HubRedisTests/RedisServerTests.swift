// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubFuzz
import HubLoop
import HubRedis
import HubTesting
import Testing

@Suite("A connection to a real Redis", .needsRedis)
struct RedisServerTests {
    let loop: EventLoop
    let recorder = Recorder()

    init() throws { loop = try EventLoop() }

    func connect(
        _ server: RedisServer,
        _ role: RedisConnection.Role = .commands,
        _ handshake: RedisHandshake = RedisHandshake(),
        _ recorder: Recorder? = nil
    ) -> RedisConnection {
        RedisConnection(
            loop: loop,
            to: SocketAddress(host: "127.0.0.1", port: server.port),
            role: role,
            handshake: handshake,
            handler: recorder ?? self.recorder
        )
    }

    func finish(_ server: RedisServer, _ connections: RedisConnection...) async {
        for connection in connections { connection.close() }
        loop.stop()
        #expect(loop.join() == nil)
        await server.stop()
    }

    @Test("carries a megabyte there and back")
    func large() async throws {
        let server = try await RedisServer()
        let connection = connect(server, .commands, RedisHandshake(clientName: "n1", database: 3))
        #expect(loop.run { connection.isOpen })
        let payload = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        var command = RedisCommand("SET", "key")
        command.append(payload)
        try connection.send(command, token: 1)
        try connection.send(RedisCommand("GET", "key"), token: 2)
        try connection.send(RedisCommand("CLIENT", "GETNAME"), token: 3)
        try connection.send(RedisCommand("MGET", "key", "none"), token: 4)
        #expect(loop.run { recorder.answers.count == 4 })
        let expected: [RESPValue] = [
            .simple(Array("OK".utf8)), .bulk(payload), .text("n1"), .array([.bulk(payload), .null]),
        ]
        #expect(recorder.values == expected)
        await finish(server, connection)
    }

    @Test("publishes ten thousand messages in one go, which all arrive in order")
    func pipeline() async throws {
        let server = try await RedisServer()
        let received = Recorder()
        let subscriber = connect(server, .subscriptions, RedisHandshake(), received)
        let publisher = connect(server)
        #expect(loop.run { subscriber.isOpen && publisher.isOpen })
        try subscriber.subscribe(.channel, "topic", token: 1)
        #expect(loop.run { received.answers.count == 1 })
        for index in 0..<10_000 { try publisher.publish("topic", "\(index)", token: UInt64(index)) }
        #expect(loop.run { recorder.answers.count == 10_000 && received.pushes.count == 10_001 })
        #expect(recorder.answers == (0..<10_000).map { .init(token: UInt64($0), value: .integer(1)) })
        #expect(received.pushes.dropFirst().map(\.payload) == (0..<10_000).map { "\($0)" })
        await finish(server, publisher, subscriber)
    }

    @Test("subscribes and unsubscribes, also twice, and pings meanwhile")
    func subscribes() async throws {
        let server = try await RedisServer()
        let subscriber = connect(server, .subscriptions)
        let other = Recorder()
        let publisher = connect(server, .commands, RedisHandshake(), other)
        #expect(loop.run { subscriber.isOpen && publisher.isOpen })
        try subscriber.ping(token: 1)
        try subscriber.subscribe(.channel, "a", "b", token: 2)
        try subscriber.subscribe(.channel, "a", token: 3)
        try subscriber.subscribe(.pattern, "a*", token: 4)
        try subscriber.subscribe(.shard, "s", token: 5)
        try subscriber.ping(token: 6)
        #expect(loop.run { recorder.answers.count == 6 })
        #expect(recorder.answers.map(\.token) == Array(1...6))
        #expect(recorder.values.first == .simple(Array("PONG".utf8)))
        #expect(recorder.values.last == .array([.text("pong"), .text("")]))
        #expect(
            recorder.pushes == [
                .init(kind: .subscribed, channel: "a", payload: "", subscriptions: 1),
                .init(kind: .subscribed, channel: "b", payload: "", subscriptions: 2),
                .init(kind: .subscribed, channel: "a", payload: "", subscriptions: 2),
                .init(kind: .patternSubscribed, channel: "a*", payload: "", subscriptions: 3),
                .init(kind: .shardSubscribed, channel: "s", payload: "", subscriptions: 1),
            ]
        )
        try publisher.publish("a", "1")
        try publisher.publish(.shardPublish, to: Array("s".utf8), EncodedEnvelope(Array("s".utf8)), token: 0)
        #expect(loop.run { recorder.pushes.count == 8 && other.answers.count == 2 })
        #expect(other.values == [.integer(2), .integer(1)])
        #expect(
            recorder.pushes[5...] == [
                .init(kind: .message, channel: "a", payload: "1"),
                .init(kind: .patternMessage, channel: "a", payload: "1", pattern: "a*"),
                .init(kind: .shardMessage, channel: "s", payload: "s"),
            ]
        )
        for token in [7, 8] as [UInt64] {
            try subscriber.unsubscribe(.channel, "a", "never", token: token)
            try subscriber.unsubscribe(.pattern, "a*", token: token)
            try subscriber.unsubscribe(.shard, "s", token: token)
        }
        try subscriber.unsubscribe(.channel, "b", token: 9)
        try subscriber.ping(token: 10)
        #expect(loop.run { recorder.answers.count == 14 })
        #expect(recorder.answers.suffix(8).map(\.token) == [7, 7, 7, 8, 8, 8, 9, 10])
        #expect(recorder.pushes.count == 17 && recorder.pushes.last?.subscriptions == 0)
        #expect(recorder.errors.isEmpty && subscriber.unansweredCount == 0)
        await finish(server, publisher, subscriber)
    }

    @Test("gives the password of the default user, and says when it is wrong, missing or not wanted")
    func password() async throws {
        let server = try await RedisServer { $0.password = "hunter2" }
        let open = try await RedisServer()
        let cases: [(server: RedisServer, password: String?, code: RedisError.Code?)] = [
            (server, "hunter2", nil), (server, "hunter3", .authFailed), (server, nil, .authFailed),
            (open, "hunter2", .authFailed),
        ]
        for (server, password, code) in cases {
            let recorder = Recorder()
            let handshake = RedisHandshake(password: password.map(BusSecret.init))
            let connection = connect(server, .commands, handshake, recorder)
            #expect(loop.run { recorder.openings + recorder.errors.count > 0 })
            #expect(recorder.code == code)
            #expect(recorder.errors.allSatisfy { !$0.isRetriable && !$0.message.contains("hunter") })
            connection.close()
        }
        await finish(server)
        await open.stop()
    }

    @Test("is a user of the access list, and hears what that one may not do")
    func accessList() async throws {
        let server = try await RedisServer {
            $0.users = [.init("hub", password: "pw", rights: "~* &a* -@all +publish +subscribe +ping")]
        }
        let handshake = RedisHandshake(user: "hub", password: BusSecret("pw"), clientName: "n1")
        let publisher = connect(server, .commands, handshake)
        let received = Recorder()
        let subscriber = connect(server, .subscriptions, handshake, received)
        #expect(loop.run { publisher.isOpen && subscriber.isOpen })
        try publisher.publish("a1", "x", token: 1)
        try publisher.publish("b1", "x", token: 2)
        try publisher.send(RedisCommand("GET", "a"), token: 3)
        // The server takes two connections in any order: nobody may listen yet.
        #expect(loop.run { recorder.answers.count == 3 })
        try subscriber.subscribe(.channel, "a1", "b1", token: 4)
        try subscriber.subscribe(.channel, "a1", token: 5)
        #expect(loop.run { received.answers.count == 2 })
        #expect(recorder.values[0] == .integer(0))
        for value in [recorder.values[1], recorder.values[2], received.values[0]] {
            guard case .error(let text) = value else {
                Issue.record("\(value)")
                continue
            }
            #expect(RedisError(answer: String(decoding: text, as: UTF8.self), to: "it").code == .noPermission)
        }
        #expect(received.answers.map(\.token) == [4, 5] && received.pushes.map(\.channel) == ["a1"])
        await finish(server, publisher, subscriber)
    }

    @Test("says that there is no such database")
    func database() async throws {
        let server = try await RedisServer()
        let connection = connect(server, .commands, RedisHandshake(database: 99))
        #expect(loop.run { recorder.code == .badDatabase })
        await finish(server, connection)
    }

    @Test("ends when the server is killed, and when it was killed there is nobody to connect to")
    func killed() async throws {
        let server = try await RedisServer()
        let connection = connect(server)
        #expect(loop.run { connection.isOpen })
        try await server.kill9()
        #expect(loop.run { recorder.code == .closed })
        let again = Recorder()
        let next = connect(server, .commands, RedisHandshake(), again)
        #expect(loop.run { again.code == .connectFailed })
        await finish(server, connection, next)
        #expect(recorder.errors.count == 1)
    }

    @Test("tells since when a server that stands still has been silent, and goes on when that does")
    func frozen() async throws {
        let server = try await RedisServer()
        let connection = connect(server)
        #expect(loop.run { connection.isOpen })
        try await server.freeze()
        let before = connection.lastReceived
        try connection.ping(token: 1)
        let limit = Duration.milliseconds(50)
        #expect(
            loop.run {
                guard let oldest = connection.oldestUnanswered else { return false }
                loop.wake()
                return loop.now - oldest > limit && loop.now - connection.lastReceived > limit
            }
        )
        #expect(connection.isOpen && connection.lastReceived == before && recorder.errors.isEmpty)
        server.thaw()
        #expect(loop.run { recorder.answers.count == 1 })
        #expect(connection.lastReceived > before && connection.oldestUnanswered == nil)
        await finish(server, connection)
    }

    @Test("gets the rest when it stops to read and the server has much to say")
    func pauses() async throws {
        let server = try await RedisServer()
        let subscriber = connect(server, .subscriptions)
        let publisher = connect(server, .commands, RedisHandshake(), Recorder())
        #expect(loop.run { subscriber.isOpen && publisher.isOpen })
        try subscriber.subscribe(.channel, "topic", token: 1)
        #expect(loop.run { recorder.answers.count == 1 })
        recorder.onPush = { [recorder] connection in if recorder.pushes.count % 100 == 0 { connection.pauseReading() } }
        let payload = String(repeating: "a", count: 1000)
        for index in 0..<1000 { try publisher.publish("topic", payload + "\(index)") }
        for count in 1...10 {
            #expect(loop.run { recorder.pushes.count >= count * 100 })
            for _ in 0..<3 { loop.runOnce(wait: false) }
            #expect(recorder.pushes.count == count * 100 && subscriber.isPaused)
            subscriber.resumeReading()
        }
        #expect(loop.run { recorder.pushes.count == 1001 })
        #expect(recorder.pushes.dropFirst().map(\.payload) == (0..<1000).map { payload + "\($0)" })
        await finish(server, publisher, subscriber)
    }
}
