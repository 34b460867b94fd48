// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A blocking TCP socket on 127.0.0.1 with a deadline for everything, for fixtures; closed when nobody holds it.
final class LoopbackSocket: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        close(descriptor)
    }

    /// Listens on a port that the system chooses.
    static func listen() throws(FileFault) -> (socket: LoopbackSocket, port: Int) {
        let (socket, port) = try bound()
        if systemListen(socket.descriptor, 128) != 0 { throw FileFault("listen on 127.0.0.1") }
        return (socket, port)
    }

    /// Takes a port that the system chooses, on which nobody listens yet.
    ///
    /// - Parameter isShared: Whether sockets of this user that are shared as well may listen on the port meanwhile.
    static func bound(isShared: Bool = false) throws(FileFault) -> (socket: LoopbackSocket, port: Int) {
        let socket = try make()
        var on: Int32 = 1
        if isShared {
            setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEPORT, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket.descriptor, generic, length) != 0
                    || getsockname(socket.descriptor, generic, &length) != 0
            }
        }
        if failed { throw FileFault("take a port of 127.0.0.1") }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func connect(port: Int) throws(FileFault) -> LoopbackSocket {
        let socket = try make()
        var address = loopback(port: port)
        let failed = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                systemConnect(socket.descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) != 0
            }
        }
        if failed { throw FileFault("connect to 127.0.0.1:\(port)") }
        return socket
    }

    /// Connects to a socket of the file system.
    static func connect(path: String) throws(FileFault) -> LoopbackSocket {
        let socket = try make(AF_UNIX)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let failed = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                systemConnect(socket.descriptor, generic, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0
            }
        }
        if failed { throw FileFault("connect to \(path)") }
        return socket
    }

    /// Waits for a connection or for `stop` to become readable, which makes it nil.
    func accept(unless stop: Int32) -> LoopbackSocket? {
        while true {
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&descriptors, 2, -1)
            if count < 0, errno != EINTR { return nil }
            if descriptors[1].revents != 0 { return nil }
            guard descriptors[0].revents != 0 else { continue }
            let connection = systemAccept(descriptor)
            if connection >= 0 { return LoopbackSocket(connection) }
        }
    }

    /// Reads until the end, the deadline, or until `isEnough` says so.
    func read(
        until deadline: ContinuousClock.Instant,
        _ isEnough: ([UInt8]) -> Bool = { _ in false }
    ) throws(FileFault) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !isEnough(bytes) {
            try wait(for: Int16(POLLIN), until: deadline)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { break }
            if count < 0, errno != EINTR { throw FileFault("receive") }
            bytes += chunk[..<max(count, 0)]
        }
        return bytes
    }

    func write(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws(FileFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: Int16(POLLOUT), until: deadline)
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, noSignal) }
            if count < 0, errno != EINTR { throw FileFault("send") }
            rest = rest.dropFirst(max(count, 0))
        }
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(FileFault) {
        let left = (deadline - ContinuousClock.now) / .milliseconds(1)
        var descriptors = pollfd(fd: descriptor, events: events, revents: 0)
        if poll(&descriptors, 1, Int32(min(max(left, 0), 600_000))) == 0 {
            errno = ETIMEDOUT
            throw FileFault("wait for a socket")
        }
    }

    private static func make(_ family: Int32 = AF_INET) throws(FileFault) -> LoopbackSocket {
        #if canImport(Darwin)
            let descriptor = socket(family, SOCK_STREAM, 0)
        #else
            // Not one moment may it be open to a child process, which would keep its port.
            let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { throw FileFault("make a socket") }
        return LoopbackSocket(descriptor)
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

#if canImport(Darwin)
    private let noSignal: Int32 = 0
#else
    private let noSignal = Int32(MSG_NOSIGNAL)
#endif

// The C library's functions, under names that the methods above do not hide.
private func systemListen(_ descriptor: Int32, _ backlog: Int32) -> Int32 { listen(descriptor, backlog) }
private func systemAccept(_ descriptor: Int32) -> Int32 { accept(descriptor, nil, nil) }
private func systemConnect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    connect(descriptor, address, length)
}
