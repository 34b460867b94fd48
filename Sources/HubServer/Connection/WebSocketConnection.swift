// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubWire

/// A connection that speaks WebSocket: reads messages, writes its client's queue, keeps the heartbeat, closes properly.
final class WebSocketConnection: SocketHandler, ClientTransport, LoopTimerTarget {
    private enum Phase {
        case open
        /// A close frame of ours is on its way; the peer's is awaited.
        case closing
        /// The peer's close frame came; once ours is written the socket ends.
        case finishing
        case closed
    }

    // What a write touches comes first, in one line of the caches.
    private let descriptor: Int32
    private var phase = Phase.open
    let peer: SocketAddress
    private unowned let worker: Worker
    private let watch: SocketWatch
    private var receiver: WebSocketReceiver
    private lazy var timer = LoopTimer(self)
    private lazy var client = worker.shard.attach(self)
    private var reason = CloseReason.abnormal
    private let openedAt: UInt64
    private var lastRead: UInt64
    private var lastPing: UInt64
    private var isPongAwaited = false
    /// From when on the peer could have answered: its ping was sent, and its socket took bytes again.
    private var pongAwaitedSince: UInt64 = 0
    /// The peer broke the protocol: nothing that it still sends is looked at.
    private var hasFailed = false

    init(_ descriptor: Int32, watch: SocketWatch, peer: SocketAddress, worker: Worker) {
        self.descriptor = descriptor
        self.watch = watch
        self.peer = peer
        self.worker = worker
        receiver = WebSocketReceiver(role: .server, maxMessageBytes: worker.common.settings.maxMessageBytes)
        openedAt = worker.now
        lastRead = openedAt
        lastPing = openedAt
    }

    /// Makes the connection a client of the hub; `rest` are bytes that came behind the upgrade request.
    func open(with rest: UnsafeMutableRawBufferPointer) {
        watch.handOver(to: self)
        worker.adopt(self)
        worker.shard.register(client)
        worker.common.receiver.opened(client, on: worker.shard)
        if let drain = worker.drain { announceDrain(drain.retryAfterMilliseconds) }
        let times = worker.common.heartbeat
        // As if the last ping had been sent a part of an interval ago: clients that came together are pinged apart.
        lastPing = openedAt &- UInt64.random(in: 0...times.pingInterval / 2, using: &worker.generator)
        lookAgain(in: min(times.pingInterval - (openedAt &- lastPing), times.readTimeout))
        if !rest.isEmpty { take(rest) }
    }

    // MARK: Reading

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if failed, !readable { return end(phase == .open ? .readError : reason) }
        if writable, phase != .closed {
            watch.watch(readable: true, writable: false)
            worker.shard.socketWritable(client)
            if !client.isWaiting { pongAwaitedSince = worker.now }
            if phase == .finishing || hasFailed { worker.finishAtTick(self) }
        }
        if readable, phase != .closed { read() }
    }

    private func read() {
        // A socket that fills the buffer is read again at the next tick: others have their turn first.
        switch Socket.read(descriptor, into: worker.readBuffer) {
        case .bytes(let count):
            worker.counts.pointee.bytesRead += UInt64(count)
            lastRead = worker.now
            take(UnsafeMutableRawBufferPointer(rebasing: worker.readBuffer[..<count]))
        case .wouldBlock: break
        case .closed: end(phase == .open ? .abnormal : reason)
        case .failed: end(phase == .open ? .readError : reason)
        }
    }

    private func take(_ bytes: UnsafeMutableRawBufferPointer) {
        guard !hasFailed else { return }
        var offset = 0
        do throws(WebSocketError) {
            while phase != .closed, let event = try receiver.next(in: bytes, at: &offset) { handle(event) }
        } catch {
            fail(error)
        }
    }

    private func handle(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes):
            guard phase == .open, client.isRegistered else { return }
            worker.common.receiver.received(
                bytes,
                isText: kind == .text,
                from: client,
                on: worker.shard,
                ingress: worker.now
            )
        case .ping(let payload):
            guard phase == .open else { return }
            answerPing(payload)
        case .pong(let payload): takePong(payload)
        case .close(let code, _): peerCloses(code)
        }
    }

    /// A client that takes nothing gets no pongs: they must not pile up in its queue.
    private func answerPing(_ payload: UnsafeRawBufferPointer) {
        guard !client.isWaiting else { return }
        worker.shard.control(WebSocketOpcode.pong.rawValue, payload, to: client)
    }

    private func takePong(_ payload: UnsafeRawBufferPointer) {
        guard isPongAwaited, payload.count == 8, payload.loadUnaligned(as: UInt64.self) == lastPing else { return }
        worker.counts.pointee.pingRoundTrip.observe(worker.now &- lastPing)
        isPongAwaited = false
    }

    private func fail(_ error: WebSocketError) {
        worker.common.log.debug(
            "protocol violation",
            [LogField("peer", peer.description), LogField("error", error.message)]
        )
        switch error.closeCode {
        case WebSocketCloseCode.messageTooBig: beginClose(.tooLarge, text: error.message)
        case WebSocketCloseCode.invalidPayload: beginClose(.invalidPayload, text: error.message)
        default: beginClose(.protocolError, text: error.message)
        }
        hasFailed = true
        worker.finishAtTick(self)
    }

    // MARK: Writing

    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        guard phase != .closed else { return .failed }
        var total = 0
        for vector in vectors { total += vector.count }
        let result: IOResult
        if vectors.count == 1 {
            result = Socket.write(descriptor, UnsafeRawBufferPointer(start: vectors[0].start, count: vectors[0].count))
        } else {
            result = vectors.withMemoryRebound(to: SocketPiece.self) { Socket.write(descriptor, pieces: $0) }
        }
        switch result {
        case .bytes(let count):
            if count < total { awaitWritable() }
            return .wrote(count)
        case .wouldBlock:
            awaitWritable()
            return .wrote(0)
        case .closed, .failed: return .failed
        }
    }

    private func awaitWritable() {
        watch.watch(readable: true, writable: true)
        // The next look at the clock may be far off; a write that stands still has its own time.
        let writeTimeout = worker.common.settings.writeTimeout
        if timer.deadline > worker.loop.now + writeTimeout { worker.loop.schedule(timer, after: writeTimeout) }
    }

    // MARK: The heartbeat

    func timerFired(_ timer: LoopTimer) {
        switch phase {
        case .open: heartbeat()
        case .closing, .finishing: closeTimedOut()
        case .closed: break
        }
    }

    private func heartbeat() {
        let times = worker.common.heartbeat
        let now = worker.now
        let idle = now &- lastRead
        guard idle < times.readTimeout else { return close(.idle) }
        guard !client.isWaiting else { return watchProgress(now) }
        if isPongAwaited {
            let waited = now &- pongAwaitedSince
            guard waited < times.pongTimeout else { return close(.noPong) }
            return lookAgain(in: min(times.pongTimeout - waited, times.readTimeout - idle))
        }
        let since = now &- lastPing
        if since < times.pingInterval {
            return lookAgain(in: min(times.pingInterval - since, times.readTimeout - idle))
        }
        ping(now)
        lookAgain(in: min(times.pongTimeout, times.readTimeout - idle))
    }

    private func ping(_ now: UInt64) {
        lastPing = now
        pongAwaitedSince = now
        isPongAwaited = true
        withUnsafeBytes(of: now) { worker.shard.control(WebSocketOpcode.ping.rawValue, $0, to: client) }
    }

    /// A client whose socket takes nothing is not pinged: the ping would wait behind its messages.
    private func watchProgress(_ now: UInt64) {
        let times = worker.common.heartbeat
        let stood = now &- client.lastProgress
        guard stood < times.writeTimeout else { return close(.writeTimeout) }
        lookAgain(in: min(times.writeTimeout - stood, times.pingInterval))
    }

    private func lookAgain(in nanoseconds: UInt64) {
        worker.loop.schedule(timer, at: worker.common.heartbeat.point(nanoseconds, after: worker.now))
    }

    // MARK: Closing

    /// Tells the client that it will be closed for a drain.
    func announceDrain(_ retryAfterMilliseconds: Int64) {
        guard phase == .open else { return }
        worker.common.receiver.draining(
            client,
            on: worker.shard,
            retryAfterMilliseconds: retryAfterMilliseconds
        )
    }

    func close(_ reason: CloseReason) {
        guard phase == .open else { return }
        guard reason.closeCode != nil else { return end(reason) }
        beginClose(reason, text: reason.text)
    }

    /// Queues our close frame behind what waits, and gives the peer time to answer it.
    private func beginClose(_ reason: CloseReason, text: String) {
        guard phase == .open else { return }
        phase = .closing
        self.reason = reason
        worker.shard.beginClosing(client, reason)
        sendClose(reason.closeCode ?? WebSocketCloseCode.normal, text)
        worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
    }

    private func peerCloses(_ code: UInt16?) {
        switch phase {
        case .open:
            switch code {
            case nil, WebSocketCloseCode.normal: reason = .normal
            case WebSocketCloseCode.goingAway: reason = .goingAway
            default: reason = .clientError
            }
            worker.shard.beginClosing(client, reason)
            sendClose(code ?? 0, "")
            worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
        case .closing: break
        case .finishing, .closed: return
        }
        phase = .finishing
        worker.finishAtTick(self)
    }

    /// - Parameter code: 0 sends a close frame without a code.
    private func sendClose(_ code: UInt16, _ text: String) {
        let payload = WebSocketCloseCode.isSendable(code) ? [UInt8(code >> 8), UInt8(code & 0xFF)] + text.utf8 : []
        payload.withUnsafeBytes { worker.shard.control(WebSocketOpcode.close.rawValue, $0, to: client) }
    }

    /// A drain writes what waits for as long as it may take itself; otherwise the time for a close is over.
    private func closeTimedOut() {
        if worker.drain != nil, client.isWaiting {
            worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
        } else {
            end(reason)
        }
    }

    /// Ends the socket once our close frame is written.
    ///
    /// A peer that broke the protocol cannot answer the frame any more, as it is not listened to: it sees our end of the
    /// stream instead, and has the time of a close for its own.
    func finishIfFlushed() {
        guard client.isFlushed else { return }
        if phase == .finishing { return end(reason) }
        if phase == .closing, hasFailed { Socket.shutdownWrite(descriptor) }
    }

    /// Ends the socket at once.
    func abort(_ reason: CloseReason) { end(phase == .open ? reason : self.reason) }

    private func end(_ reason: CloseReason) {
        guard phase != .closed else { return }
        phase = .closed
        worker.loop.cancel(timer)
        worker.counts.pointee.closed.count(reason)
        worker.counts.pointee.connectionDuration.observe(worker.now &- openedAt)
        worker.shard.detach(client, reason == .writeError ? .writeError : .closed)
        watch.close()
        worker.forget(self)
    }
}
