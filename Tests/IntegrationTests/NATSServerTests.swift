// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@Suite("A real NATS server for tests", .tags(.nats), .needsNATS, .timeLimit(.minutes(1)))
struct NATSServerTests {
    @Test("hands on what is published, with headers and answers")
    func handsOn() async throws {
        try await withNATSServer { nats in
            #expect(nats.isLive)
            let listener = try await nats.client()
            let publisher = try await nats.client()
            #expect(listener.info["server_name"]?.string == nats.name)
            let number = try await listener.subscribe("room.*")
            try await publisher.publish("room.1", "plain\r\ntext")
            try await publisher.publish(
                "room.2",
                Array("x".utf8),
                reply: "back",
                headers: [("Kind", "a b"), ("Kind", "c")]
            )
            let plain = try await listener.next()
            #expect(plain.text == "plain\r\ntext")
            #expect(plain.subject == "room.1")
            #expect(plain.subscription == number)
            #expect(plain.reply == nil && plain.status == nil && plain.headers.isEmpty)
            let full = try await listener.next()
            #expect(full.text == "x")
            #expect(full.reply == "back")
            #expect(full.headers.map { "\($0.name)=\($0.value)" } == ["Kind=a b", "Kind=c"])
            try await listener.unsubscribe(number)
            let nobody = try await publisher.request("room.1")
            #expect(nobody.status == "503")
            #expect(nobody.payload.isEmpty)
        }
    }

    @Test("stops at once, frozen or not, and restarts on the same port")
    func restarts() async throws {
        try await withNATSServer { nats in
            let name = nats.name
            await nats.stop()
            #expect(!nats.isLive)
            #expect(nats.process.ending == .exited(0))
            await #expect(throws: (any Error).self) { try await nats.client() }
            try await nats.restart()
            #expect(nats.isLive)
            #expect(try await nats.client().info["server_name"]?.string == name)
            try await nats.freeze()
            await nats.stop()
            #expect(nats.process.ending == .exited(0))
        }
    }

    @Test("keeps streams over a restart and a kill")
    func keepsStreams() async throws {
        try await withNATSServer {
            $0.jetStream = .init()
        } _: { nats in
            let first = try await nats.client()
            try await first.jetStream("STREAM.CREATE.rooms", #"{"name":"rooms","subjects":["room.>"]}"#)
            #expect(try await first.request("room.1", Array("one".utf8)).text.contains(#""seq":1"#))
            try await nats.restart()
            #expect(try await messages(in: "rooms", of: nats) == 1)
            let second = try await nats.client()
            #expect(try await second.request("room.1", Array("two".utf8)).text.contains(#""seq":2"#))
            try await nats.kill9()
            #expect(nats.process.ending == .signalled(9))
            try await nats.restart()
            #expect(try await messages(in: "rooms", of: nats) == 2)
            try await nats.client().jetStream("STREAM.DELETE.rooms")
            await expectFault("stream not found") { try await nats.client().jetStream("STREAM.INFO.rooms") }
        }
    }

    @Test("frozen, it takes connections and answers when it goes on")
    func freezes() async throws {
        try await withNATSServer { nats in
            let client = try await nats.client()
            try await nats.freeze()
            #expect(!nats.isLive)
            await #expect(throws: FileFault.self) { try await client.flush(within: .milliseconds(20)) }
            nats.thaw()
            #expect(nats.isLive)
            try await client.flush()
            try await nats.client().flush()
        }
    }

    @Test("tells its clients that it is about to end, and ends when they have left")
    func lameDuck() async throws {
        try await withNATSServer {
            $0.lameDuckGrace = .seconds(5)
        } _: { nats in
            let client = try await nats.client()
            #expect(client.info["ldm"] == nil)
            try await nats.lameDuck()
            try await client.waitForInfo { $0["ldm"] == .boolean(true) }
            await #expect(throws: (any Error).self) { try await nats.client() }
            try await client.flush()
            #expect(nats.isLive)
            // A client that stays does not hold up the end of the test.
            await nats.stop()
            #expect(nats.process.ending == .exited(0))
            await expectFault("closed") { try await client.next() }
        }
    }

    @Test("is asked about its clients and what they wait for")
    func connections() async throws {
        try await withNATSServer { options in
            options.users = [NATSServer.User("hub", password: "one")]
            options.maxPending = 100_000
            options.maxPayload = 50_000
        } _: { nats in
            #expect(try await nats.connections().isEmpty)
            let login = NATSTestClient.Login.user("hub", password: "one")
            let client = try await NATSTestClient.connect(port: nats.port, login, named: "listener")
            try await client.subscribe("room.1")
            try await client.subscribe("bulk", queue: "all")
            let seen = try #require(try await nats.connections().first)
            #expect(seen.name == "listener")
            #expect(seen.user == "hub")
            #expect(seen.subscriptions == ["bulk", "room.1"])
            // The last answer counts until a moment after it was read.
            _ = try await eventually("nothing to wait") {
                try await nats.connections()[0].pendingBytes == 0 ? true : nil
            }
            #expect(client.info["max_payload"]?.number == 50_000)
            let other = try await nats.client(login)
            await expectFault("Maximum Payload Violation") {
                // The server may close the connection before it has read all of it.
                try? await other.publish("bulk", Array(repeating: 0x78, count: 60_000))
                try await other.flush()
            }
        }
    }

    @Test("disconnects and counts a client that does not read")
    func slowConsumers() async throws {
        try await withNATSServer { options in
            options.maxPending = 100_000
            options.maxPayload = 50_000
            options.writeDeadline = .milliseconds(500)
        } _: { nats in
            let listener = try await nats.client()
            try await listener.subscribe("bulk")
            let publisher = try await nats.client()
            let payload = [UInt8](repeating: 0x78, count: 50_000)
            _ = try await eventually("a slow client") { () -> Bool? in
                for _ in 0..<100 { try await publisher.publish("bulk", payload) }
                try await publisher.flush()
                return try await nats.slowConsumers > 0 ? true : nil
            }
            _ = try await eventually("its end") { try await nats.connections().count == 1 ? true : nil }
        }
    }

    @Test("a stream is seen with its configuration and its consumers")
    func streams() async throws {
        try await withNATSServer {
            $0.jetStream = .init()
            $0.jetStream?.maxMemory = 1 << 20
        } _: { nats in
            let client = try await nats.client()
            #expect(try await nats.stream("rooms") == nil)
            try await client.jetStream(
                "STREAM.CREATE.rooms",
                #"{"name":"rooms","subjects":["room.>"],"storage":"memory"}"#
            )
            try await client.jetStream(
                "CONSUMER.DURABLE.CREATE.rooms.hub",
                #"{"stream_name":"rooms","config":{"durable_name":"hub","ack_policy":"explicit"}}"#
            )
            let stream = try #require(try await nats.stream("rooms"))
            #expect(stream["config"]?["subjects"] == .array([.string("room.>")]))
            #expect(stream["consumer_detail"]?.array.first?["name"]?.string == "hub")
            #expect(try await nats.monitoring("/jsz")["config"]?["max_memory"]?.number == 1_048_576)
            await expectFault("404") { try await nats.monitoring("/no-such-path") }
        }
    }

    @Test("lines of the configuration are taken over, and wrong ones are a failure that shows its words")
    func lines() async throws {
        try await withNATSServer { options in
            options.pingInterval = .seconds(7)
            options.lines = ["max_connections: 1"]
        } _: { nats in
            #expect(try await nats.monitoring("/varz")["ping_interval"]?.number == 7_000_000_000)
            let first = try await nats.client()
            await expectFault("maximum connections exceeded") { try await nats.client() }
            try await first.flush()
        }
        let fault = await #expect(throws: ProcessFault.self) {
            _ = try await NATSServer { $0.lines = ["no_such_setting: 1"] }
        }
        #expect(fault?.code == .ended)
        #expect(fault?.message.contains("no_such_setting") == true)
    }

    @Test("nothing of it is left when a body fails, or when nobody holds it any more")
    func cleansUp() async throws {
        var process: ChildProcess?
        await #expect(throws: CancellationError.self) {
            try await withNATSServer { nats in
                process = nats.process
                throw CancellationError()
            }
        }
        #expect(process?.ending == .exited(0))
        var nats: NATSServer? = try await NATSServer()
        let port = try #require(nats?.port)
        nats = nil
        _ = try await eventually("the end of the server") {
            (try? await NATSTestClient.greeting(on: port)) == nil ? true : nil
        }
    }

    private func messages(in stream: String, of nats: NATSServer) async throws -> Double? {
        try await nats.client().jetStream("STREAM.INFO.\(stream)")["state"]?["messages"]?.number
    }
}
