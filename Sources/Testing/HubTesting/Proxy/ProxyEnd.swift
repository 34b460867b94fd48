// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// One of the two sockets of a proxied connection; belongs to the proxy's loop.
final class ProxyEnd: SocketHandler {
    private weak var connection: ProxyConnection?
    /// Nil once the socket was closed.
    private(set) var watch: SocketWatch?
    /// Whether the socket took less than it was offered.
    var isFull = false

    init(_ connection: ProxyConnection) {
        self.connection = connection
    }

    /// Takes the socket over; closes it when that fails.
    func open(_ descriptor: Int32, on loop: EventLoop) throws(LoopError) {
        do throws(LoopError) {
            watch = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
        } catch {
            Socket.close(descriptor)
            throw error
        }
    }

    func close(asReset: Bool = false) {
        guard let watch else { return }
        self.watch = nil
        if asReset { PeerSocket.resetOnClose(watch.descriptor) }
        watch.close()
    }

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        // A broken socket is read to its end, which tells that it is broken.
        connection?.ready(self, readable: readable || failed, writable: writable)
    }
}
