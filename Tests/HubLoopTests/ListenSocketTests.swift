// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import Testing

@testable import HubLoop

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("A listening socket on a loop")
struct ListenSocketTests {
    let clock = VirtualClock()

    /// Connects without waiting; loopback completes it in the kernel.
    func connect(_ count: Int, to address: SocketAddress) throws -> [Int32] {
        try (0..<count).map { _ in try Socket.connect(to: address) }
    }

    @Test("accepts who connects, says from where, and refuses after its close")
    func accepts() throws {
        let loop = try EventLoop()
        var accepted: [Int32] = []
        var peers: Set<SocketAddress> = []
        let listener = try ListenSocket(loop: loop, address: SocketTests.anyPort) { descriptor, peer in
            accepted.append(descriptor)
            peers.insert(peer)
        }
        #expect(listener.address.port != 0)
        let clients = try connect(5, to: listener.address)
        #expect(loop.run { accepted.count == 5 })
        #expect(peers == Set(try clients.map { try Socket.localAddress($0) }))
        var isGone = false
        listener.close { isGone = true }
        listener.close()
        #expect(loop.run { isGone })
        let error = #expect(throws: LoopError.self) { try refused(by: listener.address) }
        #expect(error?.code == .refused)
        (accepted + clients).forEach(Socket.close)
        loop.stop()
        #expect(throws: LoopError.self) {
            try ListenSocket(loop: loop, address: SocketTests.anyPort) { _, _ in }
        }
    }

    /// Connects and throws what comes of it.
    func refused(by address: SocketAddress) throws {
        let client = try Socket.connect(to: address)
        defer { Socket.close(client) }
        var entry = pollfd(fd: client, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, 20_000)
        let number = Socket.pendingError(client)
        if number != 0 { throw LoopError(errno: number, doing: "connect") }
    }

    @Test("accepts at most 64 a tick, so that others get their turn")
    func sharesTheLoop() throws {
        let loop = try EventLoop()
        var accepted: [Int32] = []
        let listener = try ListenSocket(loop: loop, address: SocketTests.anyPort) { descriptor, _ in
            accepted.append(descriptor)
        }
        let clients = try connect(150, to: listener.address)
        loop.runOnce(wait: true)
        #expect(accepted.count == 64)
        loop.runOnce(wait: true)
        #expect(accepted.count == 128)
        loop.runOnce(wait: true)
        #expect(accepted.count == 150)
        (accepted + clients).forEach(Socket.close)
        loop.stop()
    }

    @Test("says that connections wait before it accepts them, and accepts all of them when asked to")
    func acceptsAll() throws {
        let loop = try EventLoop()
        var accepted: [Int32] = []
        let listener = try ListenSocket(loop: loop, address: SocketTests.anyPort) { descriptor, _ in
            accepted.append(descriptor)
        }
        var acceptedBefore: [Int] = []
        listener.onReady = { acceptedBefore.append(accepted.count) }
        let clients = try connect(150, to: listener.address)
        loop.runOnce(wait: true)
        #expect(acceptedBefore == [0])
        #expect(accepted.count == 64)
        listener.acceptAll()
        #expect(accepted.count == 150)
        listener.acceptWaiting()
        #expect(accepted.count == 150)
        (accepted + clients).forEach(Socket.close)
        loop.stop()
    }

    @Test("rests 100 ms when descriptors have run out, and tells why", arguments: [EMFILE, ENFILE, ENOBUFS, EINVAL])
    func rests(number: Int32) throws {
        let loop = try EventLoop(clock: clock)
        var asked = 0
        var isShort = true
        var accepted: [Int32] = []
        var troubles: [LoopError] = []
        let descriptor = try Socket.listen(on: SocketTests.anyPort)
        let listener = try ListenSocket(
            loop: loop,
            descriptor: descriptor,
            acceptor: { listener in
                asked += 1
                guard isShort else { return Socket.accept(listener) }
                return number == EINVAL ? .failed(number) : .exhausted(number)
            },
            onAccept: { descriptor, _ in accepted.append(descriptor) }
        )
        listener.onTrouble = { troubles.append($0) }
        let clients = try connect(3, to: listener.address)
        #expect(loop.run { asked == 1 })
        for _ in 0..<10 { loop.runOnce(wait: false) }
        clock.advance(by: .milliseconds(99))
        for _ in 0..<10 { loop.runOnce(wait: false) }
        #expect(asked == 1)
        #expect(troubles.map(\.errno) == [number])
        // Still short: it rests again.
        clock.advance(by: .milliseconds(10))
        #expect(loop.run { asked == 2 })
        #expect(troubles.count == 2)
        isShort = false
        clock.advance(by: .milliseconds(110))
        #expect(loop.run { accepted.count == 3 })
        #expect(troubles.count == 2)
        (accepted + clients).forEach(Socket.close)
        loop.stop()
    }

    @Test("passes over connections that were gone before they were taken")
    func passesOverTheGone() throws {
        let loop = try EventLoop(clock: clock)
        var results: [AcceptResult] = [.gone, .gone, .accepted(-1, SocketTests.anyPort), .wouldBlock]
        var accepted = 0
        let listener = try ListenSocket(
            loop: loop,
            descriptor: try Socket.listen(on: SocketTests.anyPort),
            acceptor: { _ in results.isEmpty ? .wouldBlock : results.removeFirst() },
            onAccept: { _, _ in accepted += 1 }
        )
        let clients = try connect(1, to: listener.address)
        #expect(loop.run { accepted == 1 })
        #expect(results.isEmpty)
        clients.forEach(Socket.close)
        loop.stop()
    }

    @Test("closes within its own callback, and accepts no more")
    func closesWithinCallback() throws {
        let loop = try EventLoop()
        var accepted: [Int32] = []
        var listener: ListenSocket?
        listener = try ListenSocket(loop: loop, address: SocketTests.anyPort) { descriptor, _ in
            accepted.append(descriptor)
            listener?.close()
        }
        var troubles = 0
        listener?.onTrouble = { _ in troubles += 1 }
        let address = try #require(listener?.address)
        let clients = try connect(3, to: address)
        loop.runOnce(wait: true)
        loop.runOnce(wait: false)
        #expect(accepted.count == 1)
        #expect(troubles == 0)
        (accepted + clients).forEach(Socket.close)
        loop.stop()
    }

    @Test(
        "of two servers that begin at once one has the port, in every one of sixty rounds",
        arguments: ["127.0.0.1", ""]
    )
    func oneOfTwo(host: String) async throws {
        for round in 0..<60 {
            let port = try freePort()
            // The second one may ask for another address that overlaps.
            let hosts = [host, round.isMultiple(of: 2) ? "" : "127.0.0.1"]
            let outcomes = try await withThrowingTaskGroup(of: Result<[Int32], LoopError>.self) { group in
                for host in hosts {
                    group.addTask {
                        try await Blocking.run {
                            Result { () throws(LoopError) in
                                try Socket.listen(on: SocketAddress(host: host, port: port), count: 2)
                            }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let had = outcomes.compactMap { try? $0.get() }
            let codes = outcomes.compactMap { outcome in
                if case .failure(let error) = outcome { error.code } else { nil }
            }
            #expect(had.map(\.count) == [2])
            #expect(codes == [.addressInUse])
            had.joined().forEach(Socket.close)
        }
    }

    /// A port that is free on every address, and that the system gives to no client meanwhile, as those are higher.
    private func freePort() throws -> Int {
        while true {
            let port = Int.random(in: 10_000..<30_000)
            guard let free = try? Socket.listen(on: SocketAddress(host: "", port: port), reusePort: false) else {
                continue
            }
            Socket.close(free)
            return port
        }
    }

    @Test("a process that keeps the turn to begin keeps others from the port for two seconds and no longer")
    func keptTurn() throws {
        let address = SocketAddress(host: "127.0.0.1", port: try freePort())
        let turn = try StartingTurn(port: address.port)
        let began = SystemClock().now()
        try Socket.listen(on: address, count: 1).forEach(Socket.close)
        #expect(SystemClock().now() - began >= .seconds(2))
        turn.end()
    }

    @Test("several on several threads share a port and lose nobody", .timeLimit(.minutes(1)))
    func sharesPort() throws {
        final class Accepted: @unchecked Sendable { var descriptors: [Int32] = [] }
        let descriptors = try Socket.listen(on: SocketTests.anyPort, count: 2)
        let address = try Socket.localAddress(descriptors[0])
        var loops: [(EventLoop, Accepted)] = []
        let observer = try EventLoop(index: 9)
        for (index, descriptor) in descriptors.enumerated() {
            let loop = try EventLoop(index: index)
            let accepted = Accepted()
            // Kept by the loop until it stops.
            _ = try ListenSocket(loop: loop, descriptor: descriptor) { descriptor, _ in
                accepted.descriptors.append(descriptor)
                write(descriptor, [1])
                observer.wake()
            }
            try loop.start(name: "listener-\(index)")
            loops.append((loop, accepted))
        }
        let clients = try connect(200, to: address)
        var greeted = 0
        #expect(
            observer.run {
                for client in clients where read(client) == [1] { greeted += 1 }
                return greeted == clients.count
            }
        )
        for (loop, _) in loops { loop.stop() }
        for (loop, accepted) in loops {
            #expect(loop.join() == nil)
            accepted.descriptors.forEach(Socket.close)
        }
        clients.forEach(Socket.close)
        observer.stop()
    }
}
