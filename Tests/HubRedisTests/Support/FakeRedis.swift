// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// A listening socket of the test's own, which answers what the test says.
final class FakeRedis: SocketHandler {
    let address: SocketAddress
    /// All that came.
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false
    private let loop: EventLoop
    private let listener: Int32
    private var listening: ListenSocket?
    private(set) var watch: SocketWatch?
    private var unsent: ArraySlice<UInt8> = []
    /// Called once for a connection.
    var onConnect: ((FakeRedis) -> Void)?

    /// The answer to a handshake without steps.
    static let pong = "+PONG\r\n"

    init(_ loop: EventLoop, accepts: Bool = true, onConnect: ((FakeRedis) -> Void)? = nil) throws {
        self.loop = loop
        self.onConnect = onConnect
        listener = try Socket.listen(on: SocketAddress(host: "127.0.0.1", port: 0), reusePort: false)
        address = try Socket.localAddress(listener)
        guard accepts else { return }
        listening = try ListenSocket(loop: loop, descriptor: listener) { [unowned self] descriptor, _ in
            accepted(descriptor)
        }
    }

    private func accepted(_ descriptor: Int32) {
        watch = try? SocketWatch(loop: loop, descriptor: descriptor, handler: self)
        watch?.watch(readable: true, writable: false)
        onConnect?(self)
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        unsent += bytes
        flush()
    }

    private func flush() {
        guard let watch, watch.isOpen else { return }
        if case .bytes(let count) = unsent.withUnsafeBytes({ Socket.write(watch.descriptor, $0) }) {
            unsent = unsent.dropFirst(count)
        }
        watch.watch(readable: reads, writable: !unsent.isEmpty)
    }

    /// Whether it takes what is sent.
    var reads = true {
        didSet { watch?.watch(readable: reads, writable: !unsent.isEmpty) }
    }

    /// Closes the connection; with bytes unread the system resets it.
    func close() { watch?.close() }

    /// Stops listening too.
    func end() {
        watch?.close()
        if let listening { listening.close() } else { Socket.close(listener) }
    }

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if writable { flush() }
        guard readable || failed, let watch, watch.isOpen else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        switch buffer.withUnsafeMutableBytes({ Socket.read(watch.descriptor, into: $0) }) {
        case .bytes(let count): received += buffer[..<count]
        case .wouldBlock: break
        case .closed, .failed:
            hasEnded = true
            watch.close()
        }
    }

    var text: String { String(decoding: received, as: UTF8.self) }
}
