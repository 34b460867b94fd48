// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import Synchronization

/// A TCP server on 127.0.0.1 that sends back what it gets, on a thread of its own.
package final class EchoServer: Sendable {
    /// What the server has seen since its start.
    package struct Counts: Sendable, Equatable {
        /// Connections that it took.
        package var accepted = 0
        /// Those of them that are open.
        package var open = 0
        /// Those of them that broke, instead of coming to an end.
        package var broken = 0
        /// Bytes that came.
        package var bytes = 0
    }

    /// Where it listens.
    package let port: Int
    private let loop: EventLoop
    private let shared = Shared()

    /// Starts a server; end it with ``close()``, whatever happens.
    package init() throws {
        loop = try EventLoop()
        let core = Core(loop, shared)
        let address = SocketAddress(host: "127.0.0.1", port: 0)
        let listener = try ListenSocket(loop: loop, address: address) { descriptor, _ in core.accept(descriptor) }
        port = listener.address.port
        // Kept until the loop's end, which may come later than that of the server.
        loop.onTick = { withExtendedLifetime((core, listener)) {} }
        try loop.start(name: "echo")
    }

    deinit {
        loop.stop()
    }

    /// What was counted so far.
    package var counts: Counts { shared.counts.withLock { $0 } }

    /// Closes everything and waits until the thread has ended.
    package func close() async {
        try? await Blocking.run { [loop] in
            loop.stop()
            loop.join()
        }
    }

    fileprivate final class Shared: Sendable {
        let counts = Mutex(Counts())
    }

    /// What belongs to the loop.
    fileprivate final class Core {
        let loop: EventLoop
        let shared: Shared
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

        init(_ loop: EventLoop, _ shared: Shared) {
            self.loop = loop
            self.shared = shared
        }

        deinit { buffer.deallocate() }

        func accept(_ descriptor: Int32) {
            let connection = Connection(self)
            guard let watch = try? SocketWatch(loop: loop, descriptor: descriptor, handler: connection) else {
                return Socket.close(descriptor)
            }
            connection.watch = watch
            watch.watch(readable: true, writable: false)
            shared.counts.withLock {
                $0.accepted += 1
                $0.open += 1
            }
        }
    }

    /// One connection; what came is sent back before more is read.
    fileprivate final class Connection: SocketHandler {
        var watch: SocketWatch?
        private unowned let core: Core
        private var output: [UInt8] = []

        init(_ core: Core) { self.core = core }

        func socketReady(readable: Bool, writable: Bool, failed: Bool) {
            guard let watch else { return }
            if output.isEmpty, readable || failed {
                switch Socket.read(watch.descriptor, into: core.buffer) {
                case .bytes(let count):
                    core.shared.counts.withLock { $0.bytes += count }
                    output = Array(core.buffer[..<count])
                case .wouldBlock: break
                case .closed: return end(isBroken: false)
                case .failed: return end(isBroken: true)
                }
            }
            if !output.isEmpty {
                switch output.withUnsafeBytes({ Socket.write(watch.descriptor, $0) }) {
                case .bytes(let count): output.removeFirst(count)
                case .wouldBlock: break
                case .closed, .failed: return end(isBroken: true)
                }
            }
            watch.watch(readable: output.isEmpty, writable: !output.isEmpty)
        }

        private func end(isBroken: Bool) {
            watch?.close()
            watch = nil
            core.shared.counts.withLock {
                $0.open -= 1
                if isBroken { $0.broken += 1 }
            }
        }
    }
}
