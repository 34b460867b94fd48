// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("A real Redis for tests", .tags(.redis), .needsRedis, .timeLimit(.minutes(1)))
struct RedisServerTests {
    @Test("answers commands with every kind of reply")
    func answers() async throws {
        try await withRedisServer { redis in
            let client = try await redis.client()
            #expect(try await client.call(["PING"]) == .text("PONG"))
            #expect(try await client.call(["GET", "none"]) == .null)
            #expect(try await client.call(["RPUSH", "list", "a", "", "\r\n"]) == .integer(3))
            let range = try await client.call(["LRANGE", "list", "0", "-1"])
            #expect(range == .array([.text("a"), .text(""), .text("\r\n")]))
            #expect(try await redis.command(["CONFIG", "GET", "save"]).fields == ["save": ""])
            let fault = await #expect(throws: ProcessFault.self) { try await client.call(["INCR", "list"]) }
            #expect(fault?.code == .badReply)
            #expect(fault?.message.contains("WRONGTYPE") == true)
            let long = String(repeating: "x", count: 300_000)
            try await redis.command(["SET", "long", long])
            #expect(try await client.call(["GET", "long"]) == .text(long))
            #expect(try await redis.info("server")["process_id"] == "\(redis.process.pid)")
        }
    }

    @Test("stops at once, frozen or not, and restarts on the same port")
    func restarts() async throws {
        try await withRedisServer { redis in
            try await redis.command(["SET", "key", "value"])
            #expect(redis.isLive)
            await redis.stop()
            #expect(!redis.isLive)
            #expect(redis.process.ending == .exited(0))
            await #expect(throws: (any Error).self) { try await redis.client() }
            try await redis.restart()
            #expect(try await redis.client().call(["GET", "key"]) == .null)
            try await redis.freeze()
            await redis.stop()
            #expect(redis.process.ending == .exited(0))
        }
    }

    @Test("keeps data over a restart and a kill when it is to")
    func keepsData() async throws {
        try await withRedisServer {
            $0.keepsData = true
        } _: { redis in
            try await redis.command(["SET", "key", "one"])
            try await redis.restart()
            #expect(try await redis.command(["GET", "key"]) == .text("one"))
            try await redis.command(["SET", "key", "two"])
            try await redis.kill9()
            #expect(redis.process.ending == .signalled(9))
            try await redis.restart()
            #expect(try await redis.command(["GET", "key"]) == .text("two"))
        }
    }

    @Test("frozen, it takes connections and answers when it goes on")
    func freezes() async throws {
        try await withRedisServer { redis in
            let client = try await redis.client()
            try await redis.freeze()
            #expect(!redis.isLive)
            let late = try await redis.client()
            await #expect(throws: FileFault.self) { try await late.call(["PING"], within: .milliseconds(20)) }
            redis.thaw()
            #expect(try await late.next() == .text("PONG"))
            #expect(try await client.call(["PING"]) == .text("PONG"))
        }
    }

    @Test("asks for passwords, and for other ones when they change, also after a restart")
    func passwords() async throws {
        try await withRedisServer {
            $0.password = "one \"two\" \\three"
        } _: { redis in
            let client = try await redis.client(password: "one \"two\" \\three")
            await expectFault("NOAUTH") { try await redis.client().call(["PING"]) }
            await expectFault("WRONGPASS") { try await redis.client(password: "two") }
            try await redis.setPassword("two")
            #expect(try await client.call(["PING"]) == .text("PONG"))
            await expectFault("WRONGPASS") { try await redis.client(password: "one \"two\" \\three") }
            try await redis.restart()
            #expect(try await redis.client(password: "two").call(["PING"]) == .text("PONG"))
            try await redis.setPassword(nil)
            #expect(try await redis.client().call(["PING"]) == .text("PONG"))
        }
    }

    @Test("users may do what their rights say")
    func users() async throws {
        let hub = RedisServer.User("hub", password: "pass word", rights: "&room:* -@all +publish +subscribe +ping")
        try await withRedisServer { options in
            options.users = [hub]
            options.lines = ["user default off"]
        } _: { redis in
            let client = try await redis.client(user: "hub", password: "pass word")
            #expect(try await client.call(["PUBLISH", "room:1", "hello"]) == .integer(0))
            await expectFault("NOPERM") { try await client.call(["PUBLISH", "other", "hello"]) }
            await expectFault("NOPERM") { try await client.call(["GET", "key"]) }
            await expectFault("NOAUTH") { try await redis.client().call(["PING"]) }
        }
    }

    @Test("knows its clients and channels, and ends them by kind")
    func clients() async throws {
        try await withRedisServer { redis in
            #expect(try await redis.clientCount == 0)
            let subscriber = try await redis.client()
            let publisher = try await redis.client()
            #expect(try await subscriber.call(["SUBSCRIBE", "room"]).array.last == .integer(1))
            #expect(try await redis.pubsubChannels() == ["room"])
            #expect(try await redis.pubsubChannels(matching: "other*") == [])
            #expect(try await redis.clientCount == 2)
            #expect(try await publisher.call(["PUBLISH", "room", "hello"]) == .integer(1))
            #expect(try await subscriber.next().texts == ["message", "room", "hello"])
            #expect(try await redis.killClients(type: .pubsub) == 1)
            await expectFault("closed") { try await subscriber.next() }
            #expect(try await redis.pubsubChannels() == [])
            #expect(try await publisher.call(["PING"]) == .text("PONG"))
            try await redis.killClients(type: .normal)
            await #expect(throws: (any Error).self) { try await publisher.call(["PING"]) }
            _ = try await eventually("the end of both") { try await redis.clientCount == 0 ? true : nil }
        }
    }

    @Test("limits of output and other lines of the configuration are taken over")
    func lines() async throws {
        try await withRedisServer { options in
            options.outputBufferLimits = ["pubsub 64kb 32kb 5", "normal 1mb 0 0"]
            options.lines = ["maxclients 77"]
        } _: { redis in
            let limits = try await redis.command(["CONFIG", "GET", "client-output-buffer-limit"]).array.last?.text
            #expect(limits?.contains("pubsub 65536 32768 5") == true)
            #expect(limits?.contains("normal 1048576 0 0") == true)
            #expect(try await redis.command(["CONFIG", "GET", "maxclients"]).array.last?.integer == 77)
        }
    }

    @Test("a configuration that Redis does not like is a failure that shows its words")
    func badConfiguration() async throws {
        let fault = await #expect(throws: ProcessFault.self) {
            _ = try await RedisServer { $0.lines = ["no-such-setting 1"] }
        }
        #expect(fault?.code == .ended)
        #expect(fault?.message.contains("no-such-setting") == true)
    }

    @Test("nothing of it is left when a body fails, or when nobody holds it any more")
    func cleansUp() async throws {
        var process: ChildProcess?
        await #expect(throws: CancellationError.self) {
            try await withRedisServer { redis in
                process = redis.process
                throw CancellationError()
            }
        }
        #expect(process?.ending == .exited(0))
        var redis: RedisServer? = try await RedisServer()
        let port = try #require(redis?.port)
        redis = nil
        _ = try await eventually("the end of the server") {
            (try? await RedisTestClient.connect(port: port)) == nil ? true : nil
        }
    }

    @Test("speaks TLS on a port of its own, and asks for certificates when it is to", arguments: [false, true])
    func tls(asksForCertificates: Bool) async throws {
        let files = try TemporaryDirectory()
        let (certificate, key) = ("\(files.path)/cert.pem", "\(files.path)/key.pem")
        let made = try await ChildProcess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                certificate,
            ]
        )
        #expect(made.ending == .exited(0), "\(made.errors)")
        try await withRedisServer { options in
            options.tls = ServerTLS(
                certificate: certificate,
                key: key,
                authority: certificate,
                asksForCertificates: asksForCertificates
            )
        } _: { redis in
            let port = try #require(redis.tlsPort)
            let ask = ["-p", "\(port)", "--tls", "--cacert", certificate]
            let bare = try await ChildProcess.run("redis-cli", ask + ["PING"])
            #expect((bare.output == "PONG\n") == !asksForCertificates)
            let known = try await ChildProcess.run("redis-cli", ask + ["--cert", certificate, "--key", key, "PING"])
            #expect(known.output == "PONG\n", "\(known.errors)")
            #expect(try await redis.client().call(["PING"]) == .text("PONG"))
            withExtendedLifetime(files) {}
        }
    }
}
