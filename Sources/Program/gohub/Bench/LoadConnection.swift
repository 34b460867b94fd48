// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubServer
import HubWire

/// Who gets what load connections find.
protocol LoadObserver: AnyObject {
    func opened(_ connection: LoadConnection)
    /// So many messages ended in what was just read: data frames, or their lines.
    func received(_ frames: Int, by connection: LoadConnection)
    /// What the hub said in a short text frame, which ``received(_:by:)`` counts too.
    ///
    /// - Returns: Whether the next ones of the same length need not be shown, as they say the same.
    func said(_ text: [UInt8]) -> Bool
    /// It ended without having been asked to; the last call.
    func failed(_ connection: LoadConnection, _ reason: String)
    /// It ended behind its ``LoadConnection/close()``; the last call.
    func closed(_ connection: LoadConnection)
}

/// A WebSocket that only counts the frames it gets, so that the generator costs less than the server.
///
/// It looks at frame headers and skips the rest; pings are answered, and what a hub says beside deliveries is handed on.
final class LoadConnection: SocketHandler {
    private enum Phase { case connecting, handshaking, open, closing, ended }

    /// Plain numbers, to compare those of each frame with.
    private enum Opcode {
        static let text: UInt8 = 1
        static let close: UInt8 = 8
        static let ping: UInt8 = 9
    }

    let number: Int
    private let load: LoadLoop
    private unowned let observer: any LoadObserver
    private var watch: SocketWatch?
    private var phase = Phase.connecting
    /// The server let it in.
    private(set) var hasOpened = false
    private var parser: HTTPResponseParser?
    private var handshake: WebSocketClientHandshake?
    private var output: [UInt8] = []
    /// The header that is being read: its bytes so far.
    private var header: (low: UInt64, high: UInt16, count: Int) = (0, 0, 0)
    /// Payload bytes of the frame that are still to come.
    private var skip = 0
    private var opcode: UInt8 = 0
    /// Whether the frame's payload is looked at: it goes to `kept`.
    private var isKept = false
    private var kept: [UInt8] = []
    /// The length of the latest delivery or confirmation that was looked at: others of that length are the same.
    ///
    /// The news of a drain is shorter than any delivery, and an error longer than any confirmation.
    private var usualLength = -1
    /// Whether the connection does not read.
    private(set) var isStalled = false

    init(_ number: Int, _ load: LoadLoop, observer: any LoadObserver) {
        self.number = number
        self.load = load
        self.observer = observer
    }

    func connect() {
        do throws(LoopError) {
            let descriptor = try Socket.connect(to: load.address, from: load.source(of: number))
            let watch = try SocketWatch(loop: load.loop, descriptor: descriptor, handler: self)
            Socket.setNoDelay(descriptor)
            self.watch = watch
            watch.watch(readable: false, writable: true)
        } catch {
            fail(WebSocketClient.End.unreachable(error).text)
        }
    }

    /// Whether it has ended, or never begun.
    var isEnded: Bool { watch == nil }

    /// Sends bytes that are whole masked frames; does nothing once it is closing.
    func send(_ frames: [UInt8]) {
        if phase == .open { put(frames) }
    }

    private func put(_ bytes: [UInt8]) {
        output.append(contentsOf: bytes)
        flush()
    }

    /// Stops reading, or begins again.
    func stall(_ stalled: Bool) {
        isStalled = stalled
        watch?.watch(readable: !stalled, writable: !output.isEmpty)
    }

    /// Ends in order: a close frame behind what was sent, then the end of writing.
    ///
    /// What still comes is read and dropped until the server ends the connection too. One that is not open yet ends at once.
    func close() {
        switch phase {
        case .open:
            phase = .closing
            isStalled = false
            var frame: [UInt8] = []
            WebSocketFrame.appendClose(code: WebSocketCloseCode.normal, mask: 0x5A5A_5A5A, to: &frame)
            put(frame)
        case .connecting, .handshaking: end()
        case .closing, .ended: break
        }
    }

    private func end() {
        phase = .ended
        watch?.close()
        watch = nil
    }

    // MARK: Events

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if failed { return broke() }
        if writable { phase == .connecting ? connected() : flush() }
        if readable { read() }
    }

    /// A hub says why before it ends a connection; one that takes no more maybe before it was asked.
    private func broke() {
        guard let watch else { return }
        var reason = "the connection broke"
        if phase == .connecting {
            reason = unreachable(Socket.pendingError(watch.descriptor))
            parser = HTTPResponseParser()
            phase = .handshaking
        }
        while phase != .ended, case .bytes(let count) = Socket.read(watch.descriptor, into: load.buffer) {
            take(UnsafeRawBufferPointer(rebasing: load.buffer[..<count]))
        }
        fail(reason)
    }

    private func unreachable(_ number: Int32) -> String {
        WebSocketClient.End.unreachable(LoopError(errno: number, doing: "connect to \(load.address)")).text
    }

    private func connected() {
        guard let watch else { return }
        let number = Socket.pendingError(watch.descriptor)
        guard number == 0 else { return fail(unreachable(number)) }
        let handshake = WebSocketClientHandshake(subprotocols: load.subprotocols)
        self.handshake = handshake
        parser = HTTPResponseParser()
        phase = .handshaking
        put(handshake.request(target: load.url.target, host: load.url.host))
    }

    private func flush() {
        guard let watch else { return }
        if !output.isEmpty {
            switch output.withUnsafeBytes({ Socket.write(watch.descriptor, $0) }) {
            case .bytes(let count) where count == output.count: output.removeAll(keepingCapacity: true)
            case .bytes(let count): output.removeFirst(count)
            case .wouldBlock: break
            case .closed, .failed: return broke()
            }
        }
        if phase == .closing, output.isEmpty { Socket.shutdownWrite(watch.descriptor) }
        watch.watch(readable: !isStalled, writable: !output.isEmpty)
    }

    private func read() {
        guard let watch else { return }
        switch Socket.read(watch.descriptor, into: load.buffer) {
        case .bytes(let count): take(UnsafeRawBufferPointer(rebasing: load.buffer[..<count]))
        case .wouldBlock: break
        case .closed, .failed: fail("the server ended the connection")
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .handshaking else { return count(bytes) }
        do throws(HTTPError) {
            guard let (head, consumed) = try parser?.feed(bytes) else { return }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            guard head.status == 101 else {
                return fail(WebSocketClient.End.refused(HandshakeError(.refused), head, body: rest).text)
            }
            parser = nil
            handshake = nil
            phase = .open
            hasOpened = true
            let greeting = load.greeting(number)
            if !greeting.isEmpty { send(greeting) }
            observer.opened(self)
            count(rest)
        } catch {
            fail(error.message)
        }
    }

    // MARK: Frames

    private func count(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        var frames = 0
        while offset < bytes.count, phase == .open {
            if skip > 0 {
                let step = min(skip, bytes.count - offset)
                if isKept { kept.append(contentsOf: bytes[offset..<offset + step]) }
                if load.countsLines, isData { frames += lines(bytes[offset..<offset + step]) }
                skip -= step
                offset += step
                if skip == 0 { frames += endFrame() }
                continue
            }
            guard let (length, size) = readHeader(bytes, offset) else { break }
            offset += size
            skip = length
            if length == 0 { frames += endFrame() }
        }
        if frames > 0, phase == .open { observer.received(frames, by: self) }
    }

    /// Reads a whole header at once, or keeps its first bytes; servers' headers have 2, 4 or 10 bytes.
    private func readHeader(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> (length: Int, size: Int)? {
        var offset = start
        while offset < bytes.count {
            push(bytes[offset])
            offset += 1
            guard header.count >= 2 else { continue }
            let short = Int(byte(1) & 0x7F)
            let needed = short < 126 ? 2 : short == 126 ? 4 : 10
            guard header.count == needed else { continue }
            var length = short
            if short >= 126 {
                length = 0
                for index in 2..<needed { length = length << 8 | Int(byte(index)) }
            }
            opcode = byte(0) & 0x0F
            isKept = mustKeep(length)
            header = (0, 0, 0)
            return (length, offset - start)
        }
        return nil
    }

    private func push(_ byte: UInt8) {
        if header.count < 8 {
            header.low |= UInt64(byte) << UInt64(8 * header.count)
        } else {
            header.high |= UInt16(byte) << UInt16(8 * (header.count - 8))
        }
        header.count += 1
    }

    private func byte(_ index: Int) -> UInt8 {
        index < 8
            ? UInt8(truncatingIfNeeded: header.low >> UInt64(8 * index))
            : UInt8(truncatingIfNeeded: header.high >> UInt16(8 * (index - 8)))
    }

    private var isData: Bool { opcode < Opcode.close }

    private func mustKeep(_ length: Int) -> Bool {
        switch opcode {
        case Opcode.text: length != usualLength && length <= Self.longestNotice && load.isHub
        case Opcode.close, Opcode.ping: length <= WebSocketFrame.maxControlBytes
        default: false
        }
    }

    /// More than a hub needs for an error and its reason.
    private static let longestNotice = 4096

    private func endFrame() -> Int {
        if isKept { look() }
        return isData && !load.countsLines ? 1 : 0
    }

    private func look() {
        let payload = kept
        kept = []
        isKept = false
        switch opcode {
        case Opcode.ping: answerPing(payload)
        case Opcode.close:
            let code = payload.count < 2 ? 1005 : UInt16(payload[0]) << 8 | UInt16(payload[1])
            let reason = String(decoding: payload.dropFirst(2), as: UTF8.self)
            fail(WebSocketClient.End.closed(code: code, reason: reason).text)
        default:
            if observer.said(payload) { usualLength = payload.count }
        }
    }

    private func lines(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        var count = 0
        for byte in bytes where byte == UInt8(ascii: "\n") { count += 1 }
        return count
    }

    private func answerPing(_ payload: [UInt8]) {
        var frame: [UInt8] = []
        payload.withUnsafeBytes { WebSocketFrame.append(.pong, $0, mask: 0, to: &frame) }
        send(frame)
    }

    private func fail(_ reason: String) {
        guard phase != .ended else { return }
        let wasClosing = phase == .closing
        end()
        if wasClosing { observer.closed(self) } else { observer.failed(self, reason) }
    }
}
