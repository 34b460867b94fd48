// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubServer
import HubWire

/// What a client of a hub is told; called on its loop.
protocol WebSocketClientDelegate: AnyObject {
    /// The WebSocket is open.
    func opened(_ client: WebSocketClient)
    /// A message came; its bytes are valid until this returns.
    func received(_ bytes: UnsafeRawBufferPointer, isText: Bool, by client: WebSocketClient)
    /// The WebSocket ended; the last call.
    func closed(_ client: WebSocketClient, _ end: WebSocketClient.End)
}

/// A WebSocket to a hub: connects, shakes hands, sends and receives whole messages.
///
/// Belongs to its loop's thread.
final class WebSocketClient: SocketHandler {
    /// How a WebSocket ended.
    enum End: Equatable {
        /// The hub closed with a code, 1005 if it gave none.
        case closed(code: UInt16, reason: String)
        /// It never opened, or broke.
        case failed(String)
    }

    private enum Phase {
        case connecting, handshaking, open, closing, ended
    }

    /// How long connecting and the handshake may take together.
    private static let openTimeout: Duration = .seconds(10)
    /// How long the hub may take to answer a close.
    private static let closeTimeout: Duration = .seconds(2)

    private let loop: EventLoop
    private let url: HubURL
    private let handshake = WebSocketClientHandshake(subprotocols: ["gohub.v1.json"])
    private weak var delegate: (any WebSocketClientDelegate)?
    /// The hub let it in.
    private(set) var hasOpened = false
    private var phase = Phase.connecting
    private lazy var patience = LoopTimer { [weak self] in
        guard let self else { return }
        end(
            .failed(
                phase == .closing
                    ? "the hub did not answer the close within \(Self.closeTimeout.components.seconds) s"
                    : "no answer within \(Self.openTimeout.components.seconds) s: is that a hub?"
            )
        )
    }
    private var watch: SocketWatch?
    private var parser = HTTPResponseParser()
    private var receiver: WebSocketReceiver
    private var output: [UInt8] = []
    private var written = 0
    /// The newest ping that came while the hub took nothing; older ones need no answer (RFC 6455 section 5.5.3).
    private var owedPong: [UInt8]?
    private var generator = SystemRandomNumberGenerator()
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    /// Begins to connect.
    ///
    /// - Parameter address: The hub's address; if nil, that of the URL, which is looked up.
    /// - Parameter source: The numeric address of this machine to come from; if nil, the system chooses.
    /// - Parameter maxMessageBytes: The longest message that is taken.
    init(
        loop: EventLoop,
        url: HubURL,
        at address: SocketAddress? = nil,
        from source: SocketAddress? = nil,
        maxMessageBytes: Int = 64 << 20,
        delegate: any WebSocketClientDelegate
    ) {
        self.loop = loop
        self.url = url
        self.delegate = delegate
        receiver = WebSocketReceiver(role: .client, maxMessageBytes: maxMessageBytes)
        Connector(loop: loop, to: address ?? url.address, from: source) { [self] result in
            switch result {
            case .success(let descriptor): connected(descriptor)
            case .failure(let error): end(.unreachable(error))
            }
        }
        loop.schedule(patience, after: Self.openTimeout)
    }

    deinit { buffer.deallocate() }

    // MARK: Opening

    private func connected(_ descriptor: Int32) {
        guard phase == .connecting else { return Socket.close(descriptor) }
        do throws(LoopError) {
            let watch = try SocketWatch(loop: loop, descriptor: descriptor, handler: self)
            Socket.setNoDelay(descriptor)
            self.watch = watch
            phase = .handshaking
            watch.watch(readable: true, writable: false)
            put(handshake.request(target: url.target, host: url.host))
        } catch {
            Socket.close(descriptor)
            end(.failed(error.message))
        }
    }

    private func shakeHands(_ bytes: UnsafeMutableRawBufferPointer) {
        do throws(HTTPError) {
            guard let (head, consumed) = try parser.feed(UnsafeRawBufferPointer(bytes)) else { return }
            do throws(HandshakeError) {
                _ = try handshake.check(
                    head,
                    digest: SHA1.digest(WebSocketHandshake.acceptInput(key: handshake.key))
                )
            } catch {
                return end(.refused(error, head, body: UnsafeRawBufferPointer(rebasing: bytes[consumed...])))
            }
            phase = .open
            hasOpened = true
            loop.cancel(patience)
            delegate?.opened(self)
            take(UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...]))
        } catch {
            end(.failed("the answer is no HTTP: \(error.message)"))
        }
    }

    // MARK: Sending

    /// Sends a text message.
    func send(text: [UInt8]) { send(.text, text) }

    /// Ends the WebSocket in order, behind what was sent; the delegate hears when the hub has answered, or has not in 2 s.
    func close(code: UInt16 = WebSocketCloseCode.normal) {
        switch phase {
        case .open:
            phase = .closing
            loop.schedule(patience, after: Self.closeTimeout)
            var bytes: [UInt8] = []
            WebSocketFrame.appendClose(code: code, mask: generator.next(), to: &bytes)
            put(bytes)
        case .connecting, .handshaking: end(.failed("closed before it was open"))
        case .closing, .ended: break
        }
    }

    private func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) {
        guard phase == .open else { return }
        var bytes: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(opcode, $0, mask: generator.next(), to: &bytes) }
        put(bytes)
    }

    private func put(_ bytes: [UInt8]) {
        output.append(contentsOf: bytes)
        flush()
    }

    private func flush() {
        guard let watch else { return }
        while written < output.count {
            let result = output.withUnsafeBytes {
                Socket.write(watch.descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            switch result {
            case .bytes(let count): written += count
            case .wouldBlock: return watch.watch(readable: true, writable: true)
            case .closed, .failed: return end(.failed("the connection broke"))
            }
        }
        output.removeAll(keepingCapacity: true)
        written = 0
        watch.watch(readable: true, writable: false)
        guard let payload = owedPong else { return }
        owedPong = nil
        send(.pong, payload)
    }

    // MARK: Receiving

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if writable { flush() }
        guard let watch, readable || failed else { return }
        switch Socket.read(watch.descriptor, into: buffer) {
        case .bytes(let count):
            let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            if phase == .handshaking { shakeHands(bytes) } else { take(bytes) }
        case .wouldBlock: break
        case .closed: end(.failed("the hub ended the connection"))
        case .failed: end(.failed("the connection broke"))
        }
    }

    private func take(_ bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        do throws(WebSocketError) {
            while phase != .ended, let event = try receiver.next(in: bytes, at: &offset) { handle(event) }
        } catch {
            end(.failed("the hub broke the protocol: \(error.message)"))
        }
    }

    private func handle(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes):
            if phase == .open { delegate?.received(bytes, isText: kind == .text, by: self) }
        case .ping(let payload) where output.isEmpty: send(.pong, Array(payload))
        case .ping(let payload): owedPong = Array(payload)
        case .pong, .fragment: break
        case .close(let code, let reason):
            if phase == .open { close(code: code ?? 0) }
            end(.closed(code: code ?? 1005, reason: reason))
        }
    }

    private func end(_ end: End) {
        guard phase != .ended else { return }
        phase = .ended
        loop.cancel(patience)
        watch?.close()
        watch = nil
        delegate?.closed(self, end)
    }
}
