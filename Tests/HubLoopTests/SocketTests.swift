// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Sockets")
struct SocketTests {
    static let anyPort = SocketAddress(host: "127.0.0.1", port: 0)

    /// Waits, without a loop, until a listener's connection is there.
    func accept(_ listener: Int32) throws -> (Int32, SocketAddress) {
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, 20_000) == 1)
        guard case .accepted(let descriptor, let peer) = Socket.accept(listener) else {
            throw LoopError(.other, "no connection came")
        }
        return (descriptor, peer)
    }

    func waitUntilReadable(_ descriptor: Int32) throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, 20_000) == 1)
    }

    @Test("move bytes, and say when there are none, when the stream has ended and when nobody reads")
    func movesBytes() throws {
        let (left, right) = try Socket.pair()
        #expect(readAll(right) == .wouldBlock)
        #expect(write(left, [1, 2, 3]) == .bytes(3))
        #expect(read(right, atMost: 2) == [1, 2])
        #expect(read(right) == [3])
        var none: [UInt8] = []
        #expect(none.withUnsafeMutableBytes { Socket.read(right, into: $0) } == .bytes(0))
        #expect(write(left, []) == .bytes(0))
        Socket.shutdownWrite(left)
        #expect(readAll(right) == .closed)
        // The other direction goes on.
        #expect(write(right, [4]) == .bytes(1))
        #expect(read(left) == [4])
        Socket.close(left)
        // Would end the process if it raised SIGPIPE.
        #expect(write(right, [5]) == .closed)
        Socket.close(right)
        #expect(readAll(-1) == .failed(EBADF))
        #expect(write(-1, [1]) == .failed(EBADF))
    }

    @Test("take many pieces in one write, 1024 at most, in order")
    func writesPieces() throws {
        let (left, right) = try Socket.pair()
        defer {
            Socket.close(left)
            Socket.close(right)
        }
        let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0) }
        let result = try bytes.withUnsafeBytes { buffer in
            let start = try #require(buffer.baseAddress)
            let pieces = buffer.indices.map { SocketPiece(start: start + $0, count: 1) }
            return pieces.withUnsafeBufferPointer { Socket.write(left, pieces: $0) }
        }
        #expect(result == .bytes(Socket.maxPieces))
        #expect(read(right) == Array(bytes.prefix(Socket.maxPieces)))
        #expect(Socket.write(left, pieces: UnsafeBufferPointer(start: nil, count: 0)) == .bytes(0))
    }

    @Test("a second descriptor is of the same socket, which lives until both are closed")
    func duplicates() throws {
        let (left, right) = try Socket.pair()
        let copy = try Socket.duplicate(left)
        #expect(copy != left)
        #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC != 0)
        #expect(write(copy, [1]) == .bytes(1))
        #expect(read(right) == [1])
        Socket.close(left)
        #expect(readAll(right) == .wouldBlock)
        #expect(write(right, [2]) == .bytes(1))
        #expect(read(copy) == [2])
        Socket.close(copy)
        #expect(readAll(right) == .closed)
        Socket.close(right)
        #expect(throws: LoopError.self) { _ = try Socket.duplicate(-1) }
    }

    @Test("a shutdown ends both directions, for all descriptors of the socket and for the other end")
    func shutsDown() throws {
        let (left, right) = try Socket.pair()
        let copy = try Socket.duplicate(left)
        #expect(write(left, [1]) == .bytes(1))
        Socket.shutdown(copy)
        #expect(write(left, [2]) == .closed)
        #expect(readAll(left) == .closed)
        // What was sent before still arrives.
        #expect(read(right) == [1])
        #expect(readAll(right) == .closed)
        #expect(write(right, [3]) == .closed)
        // Harmless once more, and for what is no socket.
        Socket.shutdown(copy)
        Socket.shutdown(-1)
        for descriptor in [left, copy, right] { Socket.close(descriptor) }
    }

    @Test("report a full buffer, and a broken connection by its number")
    func reportsBackPressureAndResets() throws {
        let listener = try Socket.listen(on: Self.anyPort)
        defer { Socket.close(listener) }
        let client = try Socket.connect(to: Socket.localAddress(listener))
        let (server, _) = try accept(listener)
        Socket.setSendBuffer(server, bytes: 4096)
        Socket.setReceiveBuffer(client, bytes: 4096)
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var results: [IOResult] = []
        repeat { results.append(write(server, block)) } while results.count < 1000 && results.last != .wouldBlock
        #expect(results.last == .wouldBlock)
        // Closing with bytes unread breaks the connection.
        Socket.close(client)
        try waitUntilReadable(server)
        #expect(Socket.pendingError(server) == ECONNRESET || readAll(server) == .failed(ECONNRESET))
        Socket.close(server)
    }

    @Test("never block, are closed on exec, and send small writes at once, accepted or connected")
    func haveOptions() throws {
        let listener = try Socket.listen(on: Self.anyPort)
        let client = try Socket.connect(to: Socket.localAddress(listener))
        let (server, peer) = try accept(listener)
        #expect(try peer == Socket.localAddress(client))
        #expect(try Socket.peerAddress(client) == Socket.localAddress(listener))
        for descriptor in [listener, client, server] {
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
            #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(Socket.noDelay(descriptor))
        }
        Socket.setNoDelay(server, false)
        #expect(!Socket.noDelay(server))
        guard case .wouldBlock = Socket.accept(listener) else {
            Issue.record("nobody else has connected")
            return
        }
        for descriptor in [listener, client, server] { Socket.close(descriptor) }
        #expect(throws: LoopError.self) { try Socket.localAddress(-1) }
        #expect(throws: LoopError.self) { try Socket.peerAddress(-1) }
    }

    #if os(Linux)
        @Test("connect from the address of this machine that is asked for")
        func connectsFromSource() throws {
            let listener = try Socket.listen(on: Self.anyPort)
            defer { Socket.close(listener) }
            let source = SocketAddress(host: "127.0.0.2", port: 0)
            let client = try Socket.connect(to: Socket.localAddress(listener), from: source)
            let (server, peer) = try accept(listener)
            #expect(peer.host == "127.0.0.2")
            Socket.close(client)
            Socket.close(server)
            // An address of the documentation, which no machine has.
            let foreign = SocketAddress(host: "192.0.2.1", port: 0)
            let error = #expect(throws: LoopError.self) {
                try Socket.connect(to: Socket.localAddress(listener), from: foreign)
            }
            #expect(error?.code == .addressNotAvailable)
        }
    #endif

    @Test("listen on every interface with both families, and show IPv4 clients as IPv4")
    func listensOnBothFamilies() throws {
        let listener = try Socket.listen(on: SocketAddress.parse(":0"))
        defer { Socket.close(listener) }
        let port = try Socket.localAddress(listener).port
        #expect(port != 0)
        let hosts = try Socket.localAddress(listener).isIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]
        for host in hosts {
            let client = try Socket.connect(to: SocketAddress(host: host, port: port))
            let (server, peer) = try accept(listener)
            #expect(peer.host == host)
            Socket.close(client)
            Socket.close(server)
        }
    }

    @Test("listen on a name, which is looked up")
    func listensOnName() throws {
        let listener = try Socket.listen(on: SocketAddress(host: ownName, port: 0))
        #expect(try Socket.localAddress(listener).host == "127.0.0.1")
        Socket.close(listener)
        let error = #expect(throws: LoopError.self) {
            try Socket.listen(on: SocketAddress(host: noSuchHost, port: 0))
        }
        #expect(error?.code == .nameNotFound)
    }

    @Test("share one port among loops, but not with anybody else", arguments: ["127.0.0.1", ""])
    func sharesPort(host: String) throws {
        let listeners = try Socket.listen(on: SocketAddress(host: host, port: 0), count: 3)
        let ports = Set(try listeners.map { try Socket.localAddress($0).port })
        #expect(listeners.count == 3)
        #expect(ports.count == 1)
        let port = try #require(ports.first)
        let error = #expect(throws: LoopError.self) {
            try Socket.listen(on: SocketAddress(host: host, port: port), count: 2)
        }
        #expect(error?.code == .addressInUse)
        let single = #expect(throws: LoopError.self) {
            try Socket.listen(on: SocketAddress(host: host, port: port), reusePort: false)
        }
        #expect(single?.code == .addressInUse)
        // With several queues, many connections end up in more than one of them.
        var clients: [Int32] = []
        for _ in 0..<64 { clients.append(try Socket.connect(to: SocketAddress(host: "127.0.0.1", port: port))) }
        var accepted = [0, 0, 0]
        while accepted.reduce(0, +) < clients.count {
            var entries = listeners.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            try #require(poll(&entries, nfds_t(entries.count), 20_000) > 0)
            for (index, listener) in listeners.enumerated() {
                while case .accepted(let descriptor, _) = Socket.accept(listener) {
                    accepted[index] += 1
                    Socket.close(descriptor)
                }
            }
        }
        #expect(accepted.filter { $0 > 0 }.count > 1)
        for descriptor in listeners + clients { Socket.close(descriptor) }
        // The port is free again at once.
        for descriptor in try Socket.listen(on: SocketAddress(host: host, port: port), count: 2) {
            Socket.close(descriptor)
        }
    }

    @Test("tell why they cannot listen")
    func refusesForeignAddress() throws {
        let error = #expect(throws: LoopError.self) {
            try Socket.listen(on: SocketAddress(host: "192.0.2.1", port: 0))
        }
        #expect(error?.code == .addressNotAvailable)
        #expect(error?.message == "listen on 192.0.2.1:0: address not available (EADDRNOTAVAIL)")
        let connecting = #expect(throws: LoopError.self) {
            try Socket.connect(to: SocketAddress(host: ownName, port: 1))
        }
        #expect(connecting?.code == .badAddress)
    }

    @Test("all connections to an address are ended but those that are spared, however high their descriptors are")
    func shutsDownConnections() throws {
        let listeners = [try Socket.listen(on: Self.anyPort), try Socket.listen(on: Self.anyPort)]
        let addresses = try listeners.map { try Socket.localAddress($0) }
        let clients = try [0, 0, 0, 1].map { try Socket.connect(to: addresses[$0]) }
        var limit = rlimit()
        try #require(getrlimit(ResourceKind.descriptors, &limit) == 0)
        limit.rlim_cur = limit.rlim_max
        try #require(setrlimit(ResourceKind.descriptors, &limit) == 0)
        // Far behind all others, as that of an attempt is when many clients have left meanwhile.
        let high = fcntl(clients[0], F_DUPFD_CLOEXEC, Int32(clamping: limit.rlim_max) - 1 < 20_000 ? 0 : 20_000)
        try #require(high >= 0)
        Socket.close(clients[0])
        let ours = [high] + clients.dropFirst()
        #expect(Set(ours.map(Socket.identity)).count == 4)
        let copy = try Socket.duplicate(ours[1])
        #expect(Socket.identity(copy) == Socket.identity(ours[1]))
        Socket.close(copy)

        Socket.shutDownConnections(to: addresses[0], sparing: [Socket.identity(ours[1])])
        // One that stands says nothing; of one that was ended there is the end to be read.
        #expect(ours.map { readAll($0) } == [.closed, .wouldBlock, .closed, .wouldBlock])
        Socket.shutDownConnections(to: SocketAddress(host: "no address", port: 1), sparing: [])
        #expect(readAll(ours[3]) == .wouldBlock)
        for descriptor in ours + listeners { Socket.close(descriptor) }
    }

    @Test("what is no socket has no identity")
    func identity() {
        #expect(Socket.identity(-1) == 0)
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        #expect(Socket.identity(file) == 0)
    }
}

private enum ResourceKind {
    #if canImport(Glibc)
        static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        static let descriptors = RLIMIT_NOFILE
    #endif
}
