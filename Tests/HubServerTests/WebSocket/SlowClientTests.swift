// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
import HubTesting
import HubWire
import Testing

@Suite("Slow clients")
struct SlowClientTests {
    /// Publishes so many messages of 64 KiB, each with its number, and waits until the hub has taken all.
    private func flood(_ server: TestServer, _ topic: String, count: Int) async throws {
        let publisher = try await server.client()
        for number in 0..<count {
            publisher.publish([UInt8(number >> 8), UInt8(number & 0xFF)] + filler, to: topic)
        }
        #expect(try await publisher.ask("ping", "0").type == "pong")
    }

    private let filler = [UInt8](repeating: 0x2E, count: 64 << 10)

    /// The numbers of the messages among frames; fails on a message that is not as it was sent.
    private func numbers(_ frames: [ReceivedFrame], topic: String) -> [Int] {
        frames.compactMap { frame in
            guard case .binary(let bytes) = frame else { return nil }
            let start = 1 + topic.utf8.count
            #expect(bytes.count == start + 2 + filler.count)
            #expect(bytes[(start + 2)...].allSatisfy { $0 == 0x2E })
            return Int(bytes[start]) << 8 | Int(bytes[start + 1])
        }
    }

    @Test("a client that is too slow gets 1013 behind whole messages, and nobody else suffers")
    func disconnected() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 16, bytes: 1 << 20)
        } _: { server in
            let slow = try await server.client(receiveBuffer: 65_536)
            try await slow.subscribe("flood")
            slow.socket.peer.stall()
            let quick = try await server.client()
            try await quick.subscribe("flood")
            let publisher = try await server.client()
            var read: [Int] = []
            // One after the other, so that only the client that does not read at all is too slow.
            for number in 0..<300 {
                publisher.publish([UInt8(number >> 8), UInt8(number & 0xFF)] + filler, to: "flood")
                read += numbers([try await quick.socket.next()], topic: "flood")
            }
            #expect(read == Array(0..<300))
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_slow_client_actions_total", ["action": "disconnect"]) == 1)
            #expect(page.sum(of: "gohub_deliveries_dropped_total", where: ["scope": "topic"]) > 0)
            // The slow one wakes up: what is on the way comes whole, then the close frame, and not one torn frame.
            slow.socket.peer.stall(false)
            var frames: [ReceivedFrame] = []
            while true {
                let frame = try await slow.socket.next()
                frames.append(frame)
                if case .close(let code, let reason) = frame {
                    #expect(code == 1013)
                    #expect(reason == "too slow, try again later")
                    break
                }
            }
            let received = numbers(frames, topic: "flood")
            #expect(received == Array(0..<received.count))
            slow.socket.sendClose(1013)
            let rest = try await slow.socket.rest()
            #expect(rest.frames.isEmpty && rest.isWhole && rest.end == .closedThere)
            let after = try await server.eventually("a count") { page in
                page.value(of: "gohub_connections_closed_total", ["reason": "slow"]) == 1 ? page : nil
            }
            // What the quick one and the slow one did not get is counted as dropped, and nothing else is.
            let written = after.value(of: "gohub_deliveries_written_total", ["scope": "topic"]) ?? 0
            #expect(written == Double(300 + received.count))
            let dropped = after.sum(of: "gohub_deliveries_dropped_total", where: ["scope": "topic"])
            #expect(after.value(of: "gohub_deliveries_total", ["scope": "topic"]) == written + dropped)
        }
    }

    @Test(
        "a policy of dropping keeps the client, drops whole messages, and counts each",
        arguments: [
            SlowClientPolicy.dropOldest, .dropNewest,
        ]
    )
    func dropping(policy: SlowClientPolicy) async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 16, bytes: 2 << 20)
            $0.hub.slowClientPolicy = policy
        } _: { server in
            let slow = try await server.client(receiveBuffer: 65_536)
            try await slow.subscribe("flood")
            slow.socket.peer.stall()
            try await flood(server, "flood", count: 300)
            let dropped = try await server.scrape().sum(of: "gohub_deliveries_dropped_total", where: ["scope": "topic"])
            #expect(dropped > 0)
            #expect(
                try await server.scrape().value(of: "gohub_slow_client_actions_total", ["action": "drop"]) == dropped
            )
            slow.socket.peer.stall(false)
            // A unicast to a full queue is refused, whatever the policy.
            _ = try await server.eventually("room in the queue") { page in
                page.value(of: "gohub_slow_clients") == 0 ? true : nil
            }
            let publisher = try await server.client()
            #expect(
                try await publisher.ask("unicast", #"{"client_id":"\#(slow.id)","payload":"end"}"#).type == "published"
            )
            var frames: [ReceivedFrame] = []
            while true {
                let frame = try await slow.socket.next()
                if case .text(let text) = frame, HubText(text)?.data["payload"] == .string("end") { break }
                frames.append(frame)
            }
            let received = numbers(frames, topic: "flood")
            #expect(received == received.sorted())
            #expect(Set(received).count == received.count)
            #expect(received.count == 300 - Int(dropped))
            switch policy {
            case .dropOldest: #expect(received.last == 299)
            default: #expect(received == Array(0..<received.count))
            }
        }
    }

    @Test("a client whose queue is three quarters full counts as slow until it has read")
    func counted() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 400, bytes: 64 << 20)
        } _: { server in
            let slow = try await server.client(receiveBuffer: 65_536)
            try await slow.subscribe("flood")
            slow.socket.peer.stall()
            try await flood(server, "flood", count: 390)
            let page = try await server.scrape()
            #expect(page.value(of: "gohub_slow_clients") == 1)
            let waiting = try #require(page.value(of: "gohub_outbound_queue_messages"))
            #expect(waiting >= 300)
            let bytes = try #require(page.value(of: "gohub_outbound_queue_bytes"))
            #expect(bytes > (waiting - 1) * 65_536)
            #expect(page.value(of: "gohub_outbound_queue_largest_bytes") == bytes)
            #expect(page.value(of: "gohub_deliveries_residual") == 0)
            slow.socket.peer.stall(false)
            #expect(try await numbersUntil(389, of: slow) == Array(0..<390))
            #expect(try await server.scrape().value(of: "gohub_slow_clients") == 0)
        }
    }

    @Test("a client whose socket takes nothing for too long is let go")
    func writeTimeout() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.settings.writeTimeout = .milliseconds(300)
        } _: { server in
            let stalled = try await server.client(receiveBuffer: 65_536)
            try await stalled.subscribe("flood")
            stalled.socket.peer.stall()
            try await flood(server, "flood", count: 300)
            let page = try await server.eventually("the write time-out") { page in
                page.value(of: "gohub_connections_closed_total", ["reason": "write_timeout"]) == 1 ? page : nil
            }
            #expect(page.value(of: "gohub_deliveries_dropped_total", ["scope": "topic", "reason": "closed"]) ?? 0 > 0)
            #expect(page.value(of: "gohub_subscriptions") == 0)
        }
    }

    @Test("a client that reads slowly but steadily is not let go")
    func steady() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
            $0.settings.writeTimeout = .seconds(10)
        } _: { server in
            let steady = try await server.client(receiveBuffer: 65_536)
            try await steady.subscribe("flood")
            steady.socket.peer.stall()
            try await flood(server, "flood", count: 200)
            steady.socket.peer.stall(false)
            #expect(try await numbersUntil(199, of: steady) == Array(0..<200))
        }
    }

    @Test("a push to a full queue throws, and one that is awaited returns when it was written")
    func push() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 8, bytes: 64 << 20)
        } _: { server in
            let client = try await server.client(receiveBuffer: 65_536)
            let id = try #require(ClientID(client.id))
            client.socket.peer.stall()
            var pushed = 0
            let refusal = try await eventually("a full queue") { () -> HubError? in
                do throws(HubError) {
                    try server.hub.push(.binary(filler), to: id)
                    pushed += 1
                    return nil
                } catch {
                    return error
                }
            }
            #expect(refusal == .sendBufferFull)
            client.socket.peer.stall(false)
            for _ in 0..<pushed { #expect(try await client.socket.next() == .binary(filler)) }
            try await server.hub.pushAndWait(Frame("last"), to: id)
            #expect(try await client.socket.next() == .text("last"))
            #expect(
                try await server.scrape().value(of: "gohub_unicasts_refused_total", ["reason": "send_buffer_full"]) == 1
            )
        }
    }

    @Test("an awaited push to a client that goes fails, and one to a client that is gone does so at once")
    func pushToGone() async throws {
        try await withServer {
            $0.hub.queue = QueueLimits(messages: 10_000, bytes: 1 << 30)
        } _: { server in
            let client = try await server.client(receiveBuffer: 65_536)
            let id = try #require(ClientID(client.id))
            client.socket.peer.stall()
            let big = Frame.binary([UInt8](repeating: 0, count: 16 << 20))
            let waiting = Task { try await server.hub.pushAndWait(big, to: id) }
            try await server.eventually("the push") { $0.shard.queuedMessages == 1 }
            client.socket.peer.reset()
            await #expect(throws: HubError.connectionClosed) { try await waiting.value }
            try await server.eventually("the end") { $0.webSockets == 0 }
            await #expect(throws: HubError.clientNotFound) { try await server.hub.pushAndWait(Frame("x"), to: id) }
        }
    }

    /// Reads until the message of a number has come, and gives the numbers of all.
    private func numbersUntil(_ last: Int, of client: HubPeer) async throws -> [Int] {
        var received: [Int] = []
        while received.last != last {
            received += numbers([try await client.socket.next()], topic: "flood")
        }
        return received
    }
}
