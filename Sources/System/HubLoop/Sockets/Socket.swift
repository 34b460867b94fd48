// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// TCP sockets as plain descriptors that never block, are closed on exec, and never raise SIGPIPE.
///
/// Here are the calls of every connection; `Socket+Open.swift` has those that make one. All are one system call.
package enum Socket {
    /// Reads what has arrived, up to the buffer's size.
    package static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        guard !buffer.isEmpty else { return .bytes(0) }
        let count = gohub_receive(descriptor, buffer.baseAddress, buffer.count)
        return count == 0 ? .closed : result(count)
    }

    /// Writes as much of the bytes as the socket takes.
    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> IOResult {
        result(gohub_send(descriptor, bytes.baseAddress, bytes.count))
    }

    /// Writes as much of the pieces as the socket takes, in order, by one call; looks at the first 1024 only.
    package static func write(_ descriptor: Int32, pieces: UnsafeBufferPointer<SocketPiece>) -> IOResult {
        guard let first = pieces.baseAddress else { return .bytes(0) }
        return first.withMemoryRebound(to: gohub_piece.self, capacity: pieces.count) {
            result(gohub_send_pieces(descriptor, $0, pieces.count))
        }
    }

    /// How many pieces one write looks at.
    package static let maxPieces = 1024

    private static func result(_ count: Int) -> IOResult {
        if count >= 0 { return .bytes(count) }
        switch Int32(-count) {
        case EAGAIN, EWOULDBLOCK: return .wouldBlock
        case EPIPE: return .closed
        case let number: return .failed(number)
        }
    }

    /// Tells the other end that no more will be written; reading goes on.
    package static func shutdownWrite(_ descriptor: Int32) {
        gohub_shutdown_write(descriptor)
    }

    /// Ends both directions at once, for all who have a descriptor of the socket.
    package static func shutdown(_ descriptor: Int32) {
        gohub_shutdown(descriptor)
    }

    /// What tells a socket from all others, whichever descriptor it is looked at by; 0 when it is none.
    package static func identity(_ descriptor: Int32) -> UInt64 { gohub_socket_identity(descriptor) }

    /// Ends connections of this process that nobody has a descriptor of who would, such as those that a library makes.
    ///
    /// - Parameter address: Where they lead to; its host is numeric.
    /// - Parameter spared: The identities of those that stay.
    /// - Complexity: Two system calls for each descriptor of the process: for what happens rarely.
    package static func shutDownConnections(to address: SocketAddress, sparing spared: Set<UInt64>) {
        // A host that is none has no connections.
        guard var peer = try? address.numericForm() else { return }
        let spared = Array(spared)
        gohub_shutdown_connections(&peer, spared, spared.count)
    }

    /// Another descriptor of the same socket, closed on exec.
    ///
    /// - Throws: ``LoopError`` `.outOfDescriptors`.
    package static func duplicate(_ descriptor: Int32) throws(LoopError) -> Int32 {
        let copy = gohub_duplicate(descriptor)
        guard copy >= 0 else { throw LoopError(errno: copy, doing: "watch a socket by a second descriptor") }
        return copy
    }

    /// Closes a descriptor that no ``SocketWatch`` has taken over.
    package static func close(_ descriptor: Int32) {
        gohub_close(descriptor)
    }

    /// The socket's pending error as `errno`, which this clears; 0 when there is none.
    package static func pendingError(_ descriptor: Int32) -> Int32 {
        gohub_socket_error(descriptor)
    }

    /// What has become of the bytes that were written to a connection; nil where the system does not say.
    ///
    /// - Complexity: Two system calls, for a connection that gives cause to ask.
    package static func outgoing(_ descriptor: Int32) -> OutgoingBytes? {
        var bytes = OutgoingBytes(acknowledged: 0, unacknowledged: 0)
        let status = gohub_outgoing_bytes(descriptor, &bytes.acknowledged, &bytes.unacknowledged)
        return status == 0 ? bytes : nil
    }

    /// Sends small writes at once (true) or lets the kernel gather them; listeners here hand "at once" to what they accept.
    package static func setNoDelay(_ descriptor: Int32, _ on: Bool = true) {
        gohub_set_no_delay(descriptor, on ? 1 : 0)
    }

    /// Whether small writes are sent at once.
    package static func noDelay(_ descriptor: Int32) -> Bool {
        gohub_get_no_delay(descriptor) == 1
    }

    /// Sets the kernel's send buffer; Linux doubles the number and keeps it within `net.core.wmem_max`.
    package static func setSendBuffer(_ descriptor: Int32, bytes: Int) {
        gohub_set_send_buffer(descriptor, Int32(clamping: bytes))
    }

    /// Sets the kernel's receive buffer; Linux doubles the number and keeps it within `net.core.rmem_max`.
    package static func setReceiveBuffer(_ descriptor: Int32, bytes: Int) {
        gohub_set_receive_buffer(descriptor, Int32(clamping: bytes))
    }

    /// The address that the socket is bound to, which tells the port that the system chose.
    package static func localAddress(_ descriptor: Int32) throws(LoopError) -> SocketAddress {
        var address = gohub_address()
        let status = gohub_local_address(descriptor, &address)
        guard status == 0 else { throw LoopError(errno: status, doing: "read a socket's own address") }
        return SocketAddress(address)
    }

    /// The address of the other end.
    package static func peerAddress(_ descriptor: Int32) throws(LoopError) -> SocketAddress {
        var address = gohub_address()
        let status = gohub_peer_address(descriptor, &address)
        guard status == 0 else { throw LoopError(errno: status, doing: "read a socket's peer address") }
        return SocketAddress(address)
    }
}
