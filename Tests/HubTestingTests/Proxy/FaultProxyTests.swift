// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@Suite("A proxy with faults", .timeLimit(.minutes(1)))
struct FaultProxyTests {
    @Test("passes bytes on unchanged both ways, and ends when both sides have")
    func passes() async throws {
        try await withProxy { proxy, echo, peers in
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let peer = try await Peer.connect(peers, port: proxy.port)
            peer.send(bytes)
            #expect(try await take(bytes.count, from: peer) == bytes)
            #expect(proxy.counts.bytesToServer == bytes.count)
            #expect(proxy.counts.bytesToClient == bytes.count)
            peer.endWriting()
            #expect(try await peer.readToEnd().end == .closedThere)
            try await wait("the end of both ends") { proxy.counts.open == 0 && echo.counts.open == 0 }
            #expect(proxy.counts.accepted == 1)
            #expect(proxy.counts.connected == 1)
            #expect(echo.counts.broken == 0)
        }
    }

    @Test("a cut resets what is there and has new ones refused until it is healed")
    func cuts() async throws {
        try await withProxy { proxy, echo, peers in
            let first = try await echoing(proxy, peers)
            await proxy.cut()
            #expect(try await isBroken(first))
            try await wait("the server's end to break") { echo.counts.broken == 1 && echo.counts.open == 0 }
            await #expect(throws: PeerFault.self) { try await Peer.connect(peers, port: proxy.port) }
            #expect(proxy.counts.accepted == 1)
            await proxy.heal()
            _ = try await echoing(proxy, peers)
            #expect(proxy.counts.accepted == 2)
        }
    }

    @Test("a cut may be for connections that exist, or for new ones, alone")
    func cutScopes() async throws {
        try await withProxy { proxy, _, peers in
            let first = try await echoing(proxy, peers)
            await proxy.cut(.new)
            await #expect(throws: PeerFault.self) { try await Peer.connect(peers, port: proxy.port) }
            try await roundTrip(first, 10)
            await proxy.heal()
            await proxy.cut(.existing)
            #expect(try await isBroken(first))
            _ = try await echoing(proxy, peers)
        }
    }

    @Test("a delay holds bytes back, each direction by its own, and keeps their order")
    func delays() async throws {
        try await withProxy { proxy, echo, peers in
            let peer = try await echoing(proxy, peers)
            await proxy.delay(by: .milliseconds(60), .toServer)
            await proxy.delay(by: .milliseconds(30), .toClient)
            let start = ContinuousClock.now
            for number in UInt8(1)...20 { peer.send([number]) }
            #expect(try await take(20, from: peer) == Array(1...20))
            #expect(ContinuousClock.now - start >= .milliseconds(90))

            await proxy.delay(by: .seconds(3600), .toServer)
            peer.send([99])
            peer.endWriting()
            #expect(echo.counts.bytes == 24)
            await proxy.heal()
            #expect(try await peer.readToEnd().bytes == [99])
        }
    }

    @Test("a delay that is set for new connections alone leaves the others as they are")
    func delayScope() async throws {
        try await withProxy { proxy, echo, peers in
            let first = try await echoing(proxy, peers)
            await proxy.delay(by: .seconds(3600), of: .new)
            try await roundTrip(first, 1)
            let second = try await Peer.connect(peers, port: proxy.port)
            second.send([1])
            try await wait("the second connection") { echo.counts.accepted == 2 }
            try await roundTrip(first, 1)
            #expect(second.unread == 0)
            await proxy.delay(by: .zero, of: .existing)
            #expect(try await take(1, from: second) == [1])
        }
    }

    @Test("half-open one way, the other way flows on; healed, all that was sent arrives")
    func halfOpenOneWay() async throws {
        try await withProxy { proxy, echo, peers in
            let peer = try await echoing(proxy, peers)
            await proxy.halfOpen(.toClient)
            peer.send([5, 6])
            try await wait("the server to get it") { echo.counts.bytes == 6 }
            #expect(peer.unread == 0)
            await proxy.heal()
            #expect(try await take(2, from: peer) == [5, 6])
            await proxy.halfOpen(.toServer)
            peer.send([7])
            #expect(echo.counts.bytes == 6)
            await proxy.heal()
            #expect(try await take(1, from: peer) == [7])
        }
    }

    @Test("half-open both ways, new connections are made and nobody notices the end of the other")
    func halfOpen() async throws {
        try await withProxy { proxy, echo, peers in
            let first = try await echoing(proxy, peers)
            await proxy.halfOpen()
            let second = try await Peer.connect(peers, port: proxy.port)
            second.send([1])
            try await wait("the second connection") { echo.counts.accepted == 2 }
            first.reset()
            second.reset()
            // A third one through all of the same threads shows that the resets have come as far as they get.
            let third = try await Peer.connect(peers, port: proxy.port)
            try await wait("the third connection") { echo.counts.accepted == 3 }
            #expect(echo.counts.open == 3)
            #expect(echo.counts.bytes == 4)
            #expect(proxy.counts.open == 3)
            await proxy.heal()
            try await wait("the resets") { echo.counts.open == 1 && proxy.counts.open == 1 }
            try await roundTrip(third, 8)
        }
    }

    @Test("a limit is kept, and does not hold for the other direction")
    func limits() async throws {
        try await withProxy { proxy, _, peers in
            let peer = try await echoing(proxy, peers)
            await proxy.limit(bytesPerSecond: 100_000, .toServer)
            let start = ContinuousClock.now
            try await roundTrip(peer, 30_000)
            #expect(ContinuousClock.now - start > .milliseconds(250))
            await proxy.heal()
            try await roundTrip(peer, 1_000_000)
        }
    }

    @Test("a connection is cut after just so many bytes", arguments: [0, 1, 1000, 300_000])
    func cutsAfter(count: Int) async throws {
        try await withProxy { proxy, echo, peers in
            let peer = try await echoing(proxy, peers)
            await proxy.cut(after: count, .toClient, of: .existing)
            peer.send([UInt8](repeating: 7, count: 400_000))
            // Whether the peer still sends when the reset comes decides how it sees its end.
            #expect(try await peer.readToEnd().bytes.count == count)
            try await wait("the server's end to break") { echo.counts.broken == 1 }
            try await roundTrip(try await echoing(proxy, peers), 10_000)
        }
    }

    @Test("new connections are cut after their first bytes, and the server gets just those")
    func cutsNewAfter() async throws {
        try await withProxy { proxy, echo, peers in
            await proxy.cut(after: 5, .toServer, of: .new)
            let peer = try await Peer.connect(peers, port: proxy.port, sending: [1, 2, 3, 4, 5, 6, 7])
            #expect(try await isBroken(peer))
            try await wait("the server's end to break") { echo.counts.broken == 1 }
            #expect(echo.counts.bytes == 5)
        }
    }

    @Test("a black hole takes connections and bytes, and the server sees neither")
    func blackHole() async throws {
        try await withProxy { proxy, echo, peers in
            await proxy.blackHole()
            let lost = try await Peer.connect(peers, port: proxy.port, sending: Array("PING\r\n".utf8))
            try await wait("the connection") { proxy.counts.accepted == 1 }
            await proxy.heal()
            _ = try await echoing(proxy, peers)
            #expect(echo.counts.accepted == 1)
            #expect(lost.end == nil)
            lost.close()
            try await wait("the end") { proxy.counts.open <= 1 }
        }
    }

    @Test("the port behind it may change; connections stay where they are")
    func redirects() async throws {
        let other = try EchoServer()
        try await withProxy { proxy, echo, peers in
            let first = try await echoing(proxy, peers)
            await proxy.redirect(to: other.port)
            _ = try await echoing(proxy, peers)
            try await roundTrip(first, 10)
            #expect(echo.counts.accepted == 1)
            #expect(other.counts.accepted == 1)
        }
        await other.close()
    }

    @Test("a server that refuses has the connection reset")
    func refused() async throws {
        try await withProxy { proxy, echo, peers in
            await echo.close()
            // The reset may come before the peer has seen that it is connected.
            if let peer = try? await Peer.connect(peers, port: proxy.port) { #expect(try await isBroken(peer)) }
            try await wait("the end") { proxy.counts.failed == 1 && proxy.counts.open == 0 }
            #expect(proxy.counts.accepted == 1)
        }
    }

    @Test("a receiver that takes nothing holds up the sender, whatever that wants to send")
    func pushesBack() async throws {
        try await withProxy { proxy, echo, peers in
            let peer = try await Peer.connect(peers, port: proxy.port, receiveBuffer: 4096)
            peer.stall()
            let count = 64 << 20
            peer.send([UInt8](repeating: 1, count: count))
            // The kernel's buffers fill up, and then nothing moves any more.
            var last = (-1, -1)
            _ = try await eventually("all buffers to be full") {
                let now = (proxy.counts.bytesToServer, echo.counts.bytes)
                defer { last = now }
                return now == last && now.1 > 0 ? true : nil
            }
            #expect(echo.counts.bytes < count / 2)
            await proxy.cut()
            peer.stall(false)
            _ = try await peer.readToEnd()
        }
    }

    @Test("closing ends every connection, gives the port back, and may be done twice")
    func closes() async throws {
        let echo = try EchoServer()
        let peers = try PeerLoop()
        let proxy = try FaultProxy(to: echo.port)
        let peer = try await echoing(proxy, peers)
        await proxy.stop()
        await proxy.stop()
        await proxy.heal()
        _ = try await peer.readToEnd()
        try await wait("the server's end") { echo.counts.open == 0 }
        await #expect(throws: PeerFault.self) { try await Peer.connect(peers, port: proxy.port) }
        await echo.close()
        try await Blocking.run { peers.stop() }
    }

    @Test("a proxy and a server that nobody holds any more end by themselves")
    func dropped() async throws {
        let peers = try PeerLoop()
        var echo: EchoServer? = try EchoServer()
        var proxy: FaultProxy? = try FaultProxy(to: try #require(echo?.port))
        let ports = [try #require(proxy?.port), try #require(echo?.port)]
        let peer = try await echoing(try #require(proxy), peers)
        await proxy?.halfOpen()
        (proxy, echo) = (nil, nil)
        _ = try await peer.readToEnd()
        for port in ports {
            _ = try await eventually("port \(port) to be free") {
                (try? await Peer.connect(peers, port: port)) == nil ? true : nil
            }
        }
        try await Blocking.run { peers.stop() }
    }

    @Test("a body that fails leaves no proxy behind")
    func closesAfterFailure() async throws {
        let echo = try EchoServer()
        let peers = try PeerLoop()
        await #expect(throws: CancellationError.self) {
            try await withFaultProxy(to: echo.port) { proxy in
                _ = try await echoing(proxy, peers)
                throw CancellationError()
            }
        }
        try await wait("the server's end") { echo.counts.open == 0 }
        await echo.close()
        try await Blocking.run { peers.stop() }
    }

    // MARK: Helpers

    private func withProxy(_ body: (FaultProxy, EchoServer, PeerLoop) async throws -> Void) async throws {
        let echo = try EchoServer()
        let peers = try PeerLoop()
        let result: Result<Void, any Error>
        do {
            try await withFaultProxy(to: echo.port) { try await body($0, echo, peers) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await echo.close()
        try await Blocking.run { peers.stop() }
        try result.get()
    }

    /// A connection that has brought four bytes to the server and back.
    private func echoing(_ proxy: FaultProxy, _ peers: PeerLoop) async throws -> Peer {
        let peer = try await Peer.connect(peers, port: proxy.port)
        try await roundTrip(peer, 4)
        return peer
    }

    private func roundTrip(_ peer: Peer, _ count: Int) async throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        peer.send(bytes)
        #expect(try await take(count, from: peer) == bytes)
    }

    private func take(_ count: Int, from peer: Peer) async throws -> [UInt8] {
        try await peer.read("\(count) bytes", within: .seconds(30)) { $0.count >= count ? $0.take(count) : nil }
    }

    private func isBroken(_ peer: Peer) async throws -> Bool {
        if case .broken = try await peer.readToEnd(within: .seconds(30)).end { true } else { false }
    }

    private func wait(_ what: String, _ condition: () -> Bool) async throws {
        _ = try await eventually(what) { condition() ? true : nil }
    }
}
