// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// A connection through a proxy: the client's end, the server's end, and a stream in each direction.
///
/// Belongs to the proxy's loop. Bytes and endings alike pass through the streams, so that a fault holds up both.
final class ProxyConnection: LoopTimerTarget {
    private enum State { case new, connecting(Connector), open, blackHole, closed }

    /// How long a cut waits for the receiver to acknowledge what came before it.
    private static let cutPatience: Duration = .seconds(1)

    private unowned let core: ProxyCore
    private var state = State.new
    private lazy var client = ProxyEnd(self)
    private lazy var server = ProxyEnd(self)
    private var toServer: ProxyStream
    private var toClient: ProxyStream
    private lazy var toServerTimer = LoopTimer(self)
    private lazy var toClientTimer = LoopTimer(self)
    private var cutDeadline: MonotonicTime?

    init(_ core: ProxyCore, toServer: ProxyFaults, toClient: ProxyFaults) {
        self.core = core
        self.toServer = ProxyStream(toServer)
        self.toClient = ProxyStream(toClient)
    }

    // MARK: Beginning

    /// Takes over the client's socket and connects to the server.
    func open(_ descriptor: Int32, port: Int) throws(LoopError) {
        try client.open(descriptor, on: core.loop)
        let address = SocketAddress(host: "127.0.0.1", port: port)
        state = .connecting(
            Connector(loop: core.loop, to: address) { [weak self] result in self?.connected(result) }
        )
    }

    /// Takes over the client's socket and reads it into nothing.
    func openBlackHole(_ descriptor: Int32) throws(LoopError) {
        try client.open(descriptor, on: core.loop)
        state = .blackHole
        client.watch?.watch(readable: true, writable: false)
    }

    private func connected(_ result: Result<Int32, LoopError>) {
        do throws(LoopError) {
            try server.open(result.get(), on: core.loop)
        } catch {
            core.count { $0.failed += 1 }
            return close(asReset: true)
        }
        core.count { $0.connected += 1 }
        state = .open
        pumpBoth()
    }

    // MARK: Ending

    /// Closes both ends; with a reset, they see the connection break.
    func close(asReset: Bool) {
        switch state {
        case .closed: return
        case .connecting(let connector): connector.cancel()
        case .new, .open, .blackHole: break
        }
        state = .closed
        core.loop.cancel(toServerTimer)
        core.loop.cancel(toClientTimer)
        client.close(asReset: asReset)
        server.close(asReset: asReset)
        core.ended(self)
    }

    // MARK: Faults

    /// Changes what happens to the bytes of these directions from now on, those included that wait already.
    func change(_ directions: FaultProxy.Directions, _ body: (inout ProxyFaults) -> Void) {
        if directions.contains(.toServer) { body(&toServer.faults) }
        if directions.contains(.toClient) { body(&toClient.faults) }
        cutDeadline = nil
        pumpBoth()
    }

    // MARK: Passing on

    func ready(_ end: ProxyEnd, readable: Bool, writable: Bool) {
        if case .blackHole = state { return swallow() }
        if writable { pump(end === server ? .toServer : .toClient) }
        if readable { read(end) }
    }

    func timerFired(_ timer: LoopTimer) {
        pump(timer === toServerTimer ? .toServer : .toClient)
    }

    private func swallow() {
        guard let watch = client.watch else { return }
        switch Socket.read(watch.descriptor, into: core.buffer) {
        case .bytes, .wouldBlock: break
        case .closed, .failed: close(asReset: false)
        }
    }

    private func read(_ end: ProxyEnd) {
        guard case .open = state, let watch = end.watch else { return }
        let direction: FaultProxy.Directions = end === client ? .toServer : .toClient
        let room = min(stream(direction).room, core.buffer.count)
        // A broken end that is not to be read stays unnoticed until it is.
        guard room > 0 else { return look() }
        let now = core.loop.clock.now()
        switch Socket.read(watch.descriptor, into: UnsafeMutableRawBufferPointer(rebasing: core.buffer[..<room])) {
        case .bytes(let count):
            with(direction) { $0.take(UnsafeRawBufferPointer(rebasing: core.buffer[..<count]), at: now) }
        case .wouldBlock: break
        case .closed: with(direction) { $0.end(.ended, at: now) }
        case .failed: return broke(end)
        }
        pump(direction)
    }

    /// One end is gone: what it sent before still gets to the other, and then that is reset.
    private func broke(_ end: ProxyEnd) {
        let (from, to): (FaultProxy.Directions, FaultProxy.Directions) =
            end === client ? (.toServer, .toClient) : (.toClient, .toServer)
        end.close()
        with(from) { $0.end(.broken, at: core.loop.clock.now()) }
        with(to) { $0.discard() }
        pump(from)
    }

    private func pumpBoth() {
        pump(.toServer)
        pump(.toClient)
    }

    /// Passes on what may be passed on, and sees to it that this is called again when more may be.
    private func pump(_ direction: FaultProxy.Directions) {
        guard case .open = state else { return }
        let timer = direction == .toServer ? toServerTimer : toClientTimer
        let target = direction == .toServer ? server : client
        target.isFull = false
        while let watch = target.watch {
            let now = core.loop.clock.now()
            switch stream(direction).next(at: now) {
            case .write(let count):
                switch stream(direction).withNext(count, { Socket.write(watch.descriptor, $0) }) {
                case .bytes(let taken):
                    with(direction) { $0.wrote(taken, at: now) }
                    core.count { $0.add(taken, direction) }
                case .wouldBlock:
                    target.isFull = true
                    return look()
                case .closed, .failed: return broke(target)
                }
            case .wait(let time):
                core.loop.schedule(timer, at: time)
                return look()
            case .rest:
                core.loop.cancel(timer)
                return look()
            case .endWriting:
                Socket.shutdownWrite(watch.descriptor)
                with(direction) { $0.ended() }
                if toServer.hasEnded, toClient.hasEnded { return close(asReset: false) }
            case .reset: return close(asReset: true)
            case .cut:
                let deadline = cutDeadline ?? now + Self.cutPatience
                cutDeadline = deadline
                let isWaiting = Socket.outgoing(watch.descriptor).map { $0.unacknowledged > 0 } ?? false
                guard isWaiting, now < deadline else { return close(asReset: true) }
                core.loop.schedule(timer, after: .milliseconds(1))
                return look()
            }
        }
        look()
    }

    /// Watches the sockets for what can be made use of.
    private func look() {
        guard case .open = state else { return }
        client.watch?.watch(readable: toServer.room > 0, writable: client.isFull)
        server.watch?.watch(readable: toClient.room > 0, writable: server.isFull)
    }

    private func stream(_ direction: FaultProxy.Directions) -> ProxyStream {
        direction == .toServer ? toServer : toClient
    }

    private func with(_ direction: FaultProxy.Directions, _ body: (inout ProxyStream) -> Void) {
        if direction == .toServer { body(&toServer) } else { body(&toClient) }
    }
}
