// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubServer
import HubTesting
import HubWire
import Testing

/// What one client sends without end holds up nobody else and takes no more memory than it may.
@Suite("Floods")
struct FloodTests {
    /// Binary publishes to the topic `t`, back to back.
    private func publishes(_ count: Int, payload: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let body = [1, UInt8(ascii: "t")] + [UInt8](repeating: 7, count: payload)
        for _ in 0..<count {
            body.withUnsafeBytes { WebSocketFrame.append(.binary, $0, mask: 0x0102_0304, to: &bytes) }
        }
        return bytes
    }

    @Test(
        "one who publishes to another loop faster than it delivers is not read meanwhile",
        arguments: [(8, 4_000), (1_000, 1_500)]
    )
    func acrossLoops(payload: Int, count: Int) async throws {
        try await withServer {
            $0.settings.loops = 2
            $0.hub.slowClientPolicy = .dropNewest
        } _: { server in
            let clients = try await server.clients(20)
            // The last one only asks, so that its answers wait behind nothing.
            let last = try #require(clients.last)
            for client in clients.dropLast() { try await client.subscribe("t") }
            let publishers = clients.prefix(4)
            let flood = publishes(count, payload: payload)
            var peak = 0
            for _ in 0..<4 {
                for publisher in publishers { publisher.socket.peer.send(flood) }
                #expect(try await last.ask("ping", "1").type == "pong")
                peak = max(peak, await server.snapshot().shard.largestInboxBytes)
            }
            // One read of a publisher may still be on its way in when the inbox is full, and so may one message of each.
            #expect(peak < (4 << 20) + 4 * (payload + 300) + (1 << 16))
            let sent = UInt64(4 * 4 * count)
            try await server.eventually("all of it", within: .seconds(120)) {
                $0.shard.publishes[Int(DeliveryScope.topic.rawValue)] == sent && $0.shard.inboxBytes == 0
            }
            #expect(await server.snapshot().shard.pausedClients == 0)
            #expect(await server.snapshot().shard.residual == 0)
        }
    }

    @Test("a message of tiny fragments waits for its next turn, while others have theirs")
    func tinyFragments() async throws {
        try await withServer {
            // Time stands still: a turn ends by what was done in it.
            $0.clock = VirtualClock()
        } _: { server in
            let subscriber = try await server.client()
            try await subscriber.subscribe("t")
            let (first, second) = (try await server.client(), try await server.client())
            let payload = [1, UInt8(ascii: "t")] + [UInt8](repeating: 7, count: 300)
            let fragments = payload.indices.flatMap { index in
                let opcode = index == 0 ? WebSocketOpcode.binary : .continuation
                return first.socket.frame(opcode, [payload[index]], fin: index == payload.count - 1)
            }
            try await server.atOnce {
                first.socket.peer.send(fragments)
                second.publish([8], to: "t")
            }
            #expect(try await subscriber.socket.next() == .binary([1] + "t".utf8 + [8]))
            #expect(try await subscriber.socket.next() == .binary(payload))
        }
    }

    @Test("of many pings only the newest needs an answer, and the last one gets it")
    func pings() async throws {
        try await withServer { server in
            let client = try await server.client()
            var bytes: [UInt8] = []
            for number in 0..<5_000 {
                withUnsafeBytes(of: UInt32(number)) { WebSocketFrame.append(.ping, $0, mask: 0x0102_0304, to: &bytes) }
            }
            client.socket.peer.send(bytes)
            var pongs: [UInt32] = []
            while pongs.last != 4_999 {
                pongs.append(
                    try await client.socket.next { frame in
                        guard case .pong(let payload) = frame, payload.count == 4 else { return nil }
                        return payload.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
                    }
                )
            }
            #expect(pongs == pongs.sorted())
            #expect(pongs.count < 2_500)
        }
    }

    @Test("a few pings are answered one by one")
    func fewPings() async throws {
        try await withServer { server in
            let client = try await server.client()
            for number in 0..<10 as Range<UInt8> { client.socket.send(.ping, [number]) }
            for number in 0..<10 as Range<UInt8> { #expect(try await client.socket.next() == .pong([number])) }
        }
    }

    @Test("pings of a client that does not read take no memory, and the newest is answered once it reads")
    func pingsUnread() async throws {
        try await withServer { server in
            let client = try await server.client(receiveBuffer: 4_096)
            client.socket.peer.stall()
            let big = [UInt8](repeating: 7, count: 16 << 20)
            try server.hub.push(.binary(big), to: #require(ClientID(client.id)))
            try await server.eventually("a full socket") { $0.shard.blockedWrites > 0 }
            let before = await server.snapshot()
            for number in 0..<20_000 { client.socket.send(.ping, [UInt8(number & 0xFF), UInt8(number >> 8)]) }
            let last = UInt64(20_000 * 8)
            try await server.eventually("the pings") { $0.bytesRead >= before.bytesRead + last }
            #expect(await server.snapshot().shard.queuedBytes <= before.shard.queuedBytes)
            client.socket.peer.stall(false)
            #expect(try await client.socket.next() == .binary(big))
            let newest = 19_999
            #expect(try await client.socket.next() == .pong([UInt8(newest & 0xFF), UInt8(newest >> 8)]))
        }
    }
}
