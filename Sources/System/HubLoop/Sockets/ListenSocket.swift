// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

/// Accepts connections on a loop and hands each over as a descriptor.
///
/// Belongs to the loop's thread. At most 64 connections a tick, so that those that exist are not starved by new ones.
package final class ListenSocket: SocketHandler, LoopTimerTarget {
    /// Where the socket listens, with the port that the system chose for port 0.
    package let address: SocketAddress
    /// Told when accepting failed and pauses for 100 ms, mostly because descriptors have run out (`.outOfDescriptors`).
    package var onTrouble: ((LoopError) -> Void)?
    /// Told when connections wait, before any of them is accepted: others can be served first.
    package var onReady: (() -> Void)?

    static let maxAcceptsPerTick = 64
    static let pause: Duration = .milliseconds(100)

    private let loop: EventLoop
    private let acceptor: (Int32) -> AcceptResult
    private var onAccept: ((Int32, SocketAddress) -> Void)?
    private var socket: SocketWatch?
    private lazy var timer = LoopTimer(self)

    /// Takes over a socket of ``Socket/listen(on:count:backlog:)`` and begins to accept.
    ///
    /// - Parameter onAccept: Gets the connection, which it has to close, and the other end's address.
    /// - Throws: ``LoopError``, and the descriptor remains the caller's.
    package convenience init(
        loop: EventLoop,
        descriptor: Int32,
        onAccept: @escaping (Int32, SocketAddress) -> Void
    ) throws(LoopError) {
        try self.init(loop: loop, descriptor: descriptor, acceptor: Socket.accept, onAccept: onAccept)
    }

    /// Opens a socket and begins to accept.
    package convenience init(
        loop: EventLoop,
        address: SocketAddress,
        reusePort: Bool = true,
        backlog: Int = Socket.defaultBacklog,
        onAccept: @escaping (Int32, SocketAddress) -> Void
    ) throws(LoopError) {
        let descriptor = try Socket.listen(on: address, reusePort: reusePort, backlog: backlog)
        do throws(LoopError) {
            try self.init(loop: loop, descriptor: descriptor, acceptor: Socket.accept, onAccept: onAccept)
        } catch {
            Socket.close(descriptor)
            throw error
        }
    }

    /// Accepts by a function that tests choose.
    init(
        loop: EventLoop,
        descriptor: Int32,
        acceptor: @escaping (Int32) -> AcceptResult,
        onAccept: @escaping (Int32, SocketAddress) -> Void
    ) throws(LoopError) {
        address = try Socket.localAddress(descriptor)
        self.loop = loop
        self.acceptor = acceptor
        self.onAccept = onAccept
        socket = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
        socket?.isUrgent = true
        socket?.watch(readable: true, writable: false)
    }

    /// Stops accepting and closes the socket; connections that wait in its queue are refused.
    ///
    /// Repeated calls only add their `done`, which runs when the socket is gone.
    package func close(_ done: (() -> Void)? = nil) {
        loop.cancel(timer)
        socket?.close(done)
        // Whoever made the closures may be kept by them, and keep this.
        onAccept = nil
        onTrouble = nil
        onReady = nil
    }

    package func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        guard let socket else { return }
        if failed { return rest(because: Socket.pendingError(socket.descriptor)) }
        onReady?()
        acceptWaiting()
    }

    /// Accepts those that wait now, up to the number of a tick; nothing while it rests.
    package func acceptWaiting() {
        if !timer.isScheduled { accept(atMost: Self.maxAcceptsPerTick) }
    }

    /// Accepts all that wait, up to the length of the system's queue, before a ``close(_:)`` would break them.
    package func acceptAll() { accept(atMost: Socket.defaultBacklog) }

    private func accept(atMost count: Int) {
        guard let socket else { return }
        for _ in 0..<count where socket.isOpen {
            switch acceptor(socket.descriptor) {
            case .accepted(let descriptor, let peer): onAccept?(descriptor, peer)
            case .gone: continue
            case .wouldBlock: return
            case .exhausted(let number), .failed(let number): return rest(because: number)
            }
        }
    }

    package func timerFired(_ timer: LoopTimer) {
        socket?.watch(readable: true, writable: false)
    }

    private func rest(because number: Int32) {
        socket?.watch(readable: false, writable: false)
        loop.schedule(timer, after: Self.pause)
        onTrouble?(LoopError(errno: number, doing: "accept on \(address)"))
    }
}
