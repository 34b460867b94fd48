// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// A peer's socket; belongs to the peers' loop.
final class PeerLink: SocketHandler, LoopTimerTarget {
    private unowned let home: PeerLoop
    private weak var peer: Peer?
    private var watch: SocketWatch?
    private var output: [UInt8] = []
    private var written = 0
    private var isConnecting = true
    private var isStalled = false
    private var endsWriting = false
    /// The other end has ended its side of the stream, and this end goes on sending.
    private var sendsOn = false
    private var hasEnded = false
    private lazy var timer = LoopTimer(self)

    init(_ home: PeerLoop, peer: Peer) {
        self.home = home
        self.peer = peer
    }

    func connect(port: Int, from source: String?, receiveBuffer: Int?) {
        do {
            let descriptor = try PeerSocket.connect(port: port, from: source, receiveBuffer: receiveBuffer)
            let watch = try SocketWatch(loop: home.loop, descriptor: descriptor, handler: self)
            self.watch = watch
            watch.watch(readable: false, writable: true)
        } catch {
            peer?.ended(.broken("\(error)"))
        }
    }

    func send(_ bytes: [UInt8]) {
        output.append(contentsOf: bytes)
        if !isConnecting { flush() }
    }

    func stall(_ stalled: Bool) {
        isStalled = stalled
        look()
    }

    func endWriting() {
        endsWriting = true
        if !isConnecting { flush() }
    }

    func sendOn() { sendsOn = true }

    /// Looks at the time again then, for the peer's patience.
    func wakeUp(at deadline: MonotonicTime) { home.loop.schedule(timer, at: deadline) }

    func timerFired(_ timer: LoopTimer) { peer?.lookAtTime(home.loop.now) }

    func close(asReset: Bool = false) {
        guard let watch else { return }
        self.watch = nil
        home.loop.cancel(timer)
        if asReset { PeerSocket.resetOnClose(watch.descriptor) }
        watch.close()
        peer?.ended(.closedHere)
    }

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        guard let watch else { return }
        if isConnecting {
            let number = Socket.pendingError(watch.descriptor)
            guard number == 0, !failed else {
                return end(.broken(LoopError(errno: number, doing: "connect").message))
            }
            isConnecting = false
            peer?.connected()
        }
        if writable || failed { flush() }
        if readable || failed { read() }
    }

    private func read() {
        guard let watch else { return }
        switch Socket.read(watch.descriptor, into: home.buffer) {
        case .bytes(let count): peer?.received(UnsafeRawBufferPointer(rebasing: home.buffer[..<count]))
        case .wouldBlock: break
        case .closed: end(.closedThere)
        case .failed(let number): end(.broken(LoopError(errno: number, doing: "receive").message))
        }
    }

    private func flush() {
        guard let watch else { return }
        while written < output.count {
            let result = output.withUnsafeBytes {
                Socket.write(watch.descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            guard case .bytes(let count) = result else {
                // What broke it is told by the read; what came before can still be read.
                if result != .wouldBlock { output = [] }
                break
            }
            written += count
        }
        if written >= output.count {
            output.removeAll(keepingCapacity: true)
            written = 0
            if endsWriting { Socket.shutdownWrite(watch.descriptor) }
        }
        look()
    }

    private func look() {
        guard !isConnecting else { return }
        watch?.watch(readable: !isStalled && !hasEnded, writable: !output.isEmpty)
    }

    private func end(_ end: Peer.End) {
        if end == .closedThere, sendsOn {
            hasEnded = true
            look()
            peer?.ended(end)
            return
        }
        watch?.close()
        watch = nil
        home.loop.cancel(timer)
        peer?.ended(end)
    }
}
