// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Socket {
    /// How many connections may wait to be accepted; Linux cuts it to `net.core.somaxconn`.
    package static let defaultBacklog = 4096

    /// Opens a listening socket; an empty host means every interface, IPv6 and IPv4 together where the machine has both.
    ///
    /// - Parameter reusePort: Whether further sockets of this user may listen on the same port, each with its own queue.
    /// - Throws: ``LoopError`` `.addressInUse`, `.notPermitted`, `.addressNotAvailable`, `.badAddress` …
    /// - Complexity: A name (not a number) is looked up, which blocks: only at start, and not on a loop.
    package static func listen(
        on address: SocketAddress,
        reusePort: Bool = true,
        backlog: Int = defaultBacklog
    ) throws(LoopError) -> Int32 {
        var last = LoopError(.nameNotFound, "listen on \(address): the host has no address")
        for candidate in try candidates(address) {
            let flags = candidate.flags | (reusePort ? Int32(GOHUB_REUSE_PORT) : 0)
            var form = candidate.address
            let descriptor = gohub_listen(&form, flags, Int32(clamping: backlog))
            if descriptor >= 0 { return descriptor }
            last = LoopError(errno: descriptor, doing: "listen on \(address)")
            // A machine without IPv6 answers one of these: go on with IPv4.
            if descriptor != -EAFNOSUPPORT, descriptor != -EADDRNOTAVAIL { break }
        }
        throw last
    }

    /// Opens several listening sockets on one port, one for each loop; the kernel spreads connections over them.
    ///
    /// With port 0 the first takes a free port and the others share it. Unlike single sockets that share a port, they
    /// refuse one on which somebody else listens already, so that a second server does not silently take half of the
    /// connections. Of two that begin at the same time one waits for the other, for up to two seconds.
    package static func listen(
        on address: SocketAddress,
        count: Int,
        backlog: Int = defaultBacklog
    ) throws(LoopError) -> [Int32] {
        guard address.port != 0 else { return try listenTogether(on: address, count: count, backlog: backlog) }
        let turn = try StartingTurn(port: address.port)
        defer { turn.end() }
        try probe(address)
        return try listenTogether(on: address, count: count, backlog: backlog)
    }

    private static func listenTogether(
        on address: SocketAddress,
        count: Int,
        backlog: Int
    ) throws(LoopError) -> [Int32] {
        var descriptors: [Int32] = []
        do throws(LoopError) {
            var shared = address
            for _ in 0..<max(count, 0) {
                let descriptor = try listen(on: shared, reusePort: true, backlog: backlog)
                descriptors.append(descriptor)
                shared.port = try localAddress(descriptor).port
            }
        } catch {
            descriptors.forEach(close)
            throw error
        }
        return descriptors
    }

    /// Takes one waiting connection: non-blocking, closed on exec.
    package static func accept(_ listener: Int32) -> AcceptResult {
        var peer = gohub_address()
        let descriptor = gohub_accept(listener, &peer)
        if descriptor >= 0 { return .accepted(descriptor, SocketAddress(peer)) }
        switch -descriptor {
        case EAGAIN, EWOULDBLOCK: return .wouldBlock
        // Errors of the waiting connection's network come out of accept on Linux.
        case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EOPNOTSUPP:
            return .gone
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(-descriptor)
        case let number: return .failed(number)
        }
    }

    /// Begins a connection to a numeric address; when the socket becomes writable, ``pendingError(_:)`` tells how it went.
    ///
    /// ``Connector`` does all of it, names included.
    ///
    /// - Parameter source: A numeric address of this machine to come from; if nil, the system chooses. Port 0 is any.
    package static func connect(
        to address: SocketAddress,
        from source: SocketAddress? = nil
    ) throws(LoopError) -> Int32 {
        var form = try address.numericForm()
        var isInProgress: Int32 = 0
        let descriptor: Int32
        if let source {
            var local = try source.numericForm()
            descriptor = gohub_connect(&form, &local, &isInProgress)
        } else {
            descriptor = gohub_connect(&form, nil, &isInProgress)
        }
        guard descriptor >= 0 else { throw LoopError(errno: descriptor, doing: "connect to \(address)") }
        return descriptor
    }

    /// Two sockets of this process that are connected to each other.
    package static func pair() throws(LoopError) -> (Int32, Int32) {
        var descriptors: (Int32, Int32) = (-1, -1)
        let status = withUnsafeMutableBytes(of: &descriptors) { bytes in
            gohub_socket_pair(bytes.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard status == 0 else { throw LoopError(errno: status, doing: "make a pair of sockets") }
        return descriptors
    }

    // MARK: Helpers

    /// The addresses to try for listening, the best first.
    private static func candidates(
        _ address: SocketAddress
    ) throws(LoopError) -> [(address: gohub_address, flags: Int32)] {
        if address.host.isEmpty {
            let six = try SocketAddress(host: "::", port: address.port).numericForm()
            let four = try SocketAddress(host: "0.0.0.0", port: address.port).numericForm()
            return [(six, Int32(GOHUB_DUAL_STACK)), (four, 0)]
        }
        if address.isNumeric { return [(try address.numericForm(), 0)] }
        // IPv4 first: one socket serves one family, and clients that know both try the other one too.
        let found = try Resolver.resolveBlocking(address)
        var result: [(address: gohub_address, flags: Int32)] = []
        for each in found.filter({ !$0.isIPv6 }) + found.filter(\.isIPv6) { result.append((try each.numericForm(), 0)) }
        return result
    }

    /// Fails when somebody listens there, sharing or not.
    private static func probe(_ address: SocketAddress) throws(LoopError) {
        for candidate in try candidates(address) {
            var form = candidate.address
            let status = gohub_probe_bind(&form, candidate.flags)
            if status == 0 { return }
            if status != -EAFNOSUPPORT, status != -EADDRNOTAVAIL {
                throw LoopError(errno: status, doing: "listen on \(address)")
            }
        }
    }
}
