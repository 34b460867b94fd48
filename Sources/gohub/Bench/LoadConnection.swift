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
    /// It ended without having been asked to; the last call.
    func failed(_ connection: LoadConnection, _ reason: String)
    /// It ended behind its ``LoadConnection/close()``; the last call.
    func closed(_ connection: LoadConnection)
}

/// A WebSocket that only counts the frames it gets, so that the generator costs less than the server.
///
/// It looks at frame headers and skips the rest; pings are answered.
final class LoadConnection: SocketHandler {
    private enum Phase { case connecting, handshaking, open, closing, ended }

    let number: Int
    private let load: LoadLoop
    private unowned let observer: any LoadObserver
    private var watch: SocketWatch?
    private var phase = Phase.connecting
    /// The server answered the upgrade request, whatever it said.
    private(set) var wasAnswered = false
    private var parser: HTTPResponseParser?
    private var handshake: WebSocketClientHandshake?
    private var output: [UInt8] = []
    /// The header that is being read: its bytes so far.
    private var header: (low: UInt64, high: UInt16, count: Int) = (0, 0, 0)
    /// Payload bytes of the frame that are still to come.
    private var skip = 0
    private var isData = false
    private var isPing = false
    private var ping: [UInt8] = []
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
            fail(error.message)
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
        if failed, !readable { return broke() }
        if writable { phase == .connecting ? connected() : flush() }
        if readable { read() }
    }

    /// A hub that takes no more says so before it ends the connection, maybe before it was asked.
    private func broke() {
        if phase == .connecting {
            parser = HTTPResponseParser()
            phase = .handshaking
        }
        if phase == .handshaking { read() }
        fail("the connection broke")
    }

    private func connected() {
        guard let watch else { return }
        guard Socket.pendingError(watch.descriptor) == 0 else { return fail("the server does not answer") }
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
            wasAnswered = true
            guard head.status == 101 else { return fail(Self.refusal(head.status)) }
            parser = nil
            handshake = nil
            phase = .open
            let greeting = load.greeting(number)
            if !greeting.isEmpty { send(greeting) }
            observer.opened(self)
            count(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
        } catch {
            fail(error.message)
        }
    }

    private static func refusal(_ status: Int) -> String {
        let answer = "the server answered \(status) \(HTTPResponse.reason(status))"
        guard status == 503 else { return answer }
        return
            "\(answer): a hub takes no more, of one address (server.max_connections_per_ip, 0 is no limit) or in all "
            + "(server.max_connections)"
    }

    // MARK: Frames

    private func count(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        var frames = 0
        while offset < bytes.count {
            if skip > 0 {
                let step = min(skip, bytes.count - offset)
                if isPing { ping.append(contentsOf: bytes[offset..<offset + step]) }
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
            let opcode = byte(0) & 0x0F
            isData = opcode < 8
            isPing = opcode == 9
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

    private func endFrame() -> Int {
        if isPing { answerPing() }
        return isData && !load.countsLines ? 1 : 0
    }

    private func lines(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        var count = 0
        for byte in bytes where byte == UInt8(ascii: "\n") { count += 1 }
        return count
    }

    private func answerPing() {
        var frame: [UInt8] = []
        ping.withUnsafeBytes { WebSocketFrame.append(.pong, $0, mask: 0, to: &frame) }
        ping = []
        isPing = false
        send(frame)
    }

    private func fail(_ reason: String) {
        guard phase != .ended else { return }
        let wasClosing = phase == .closing
        end()
        if wasClosing { observer.closed(self) } else { observer.failed(self, reason) }
    }
}
