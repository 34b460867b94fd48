// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLog
import HubLoop
import HubMetrics
import HubWire

/// A connection that speaks WebSocket: reads messages, writes its client's queue, keeps the heartbeat, closes properly.
final class WebSocketConnection: SocketHandler, ClientTransport, LoopTimerTarget {
    /// Pongs that are queued at once.
    private static let pongsPerTick: UInt8 = 16
    /// What one read takes of a client whose turns were short lately, which is what is kept when its turn ends early.
    private static let shortReadBytes = 4096

    private enum Phase {
        case open
        /// A close frame of ours is on its way; what still comes is thrown away until the peer's, its end, or the time-out.
        case closing
        /// The peer's close frame came; once ours is written the socket ends.
        case finishing
        case closed
    }

    // What a write touches comes first, in one line of the caches; small fields stand together.
    private let descriptor: Int32
    private var phase = Phase.open
    /// There is ``Extras/traffic``; asked here, so that a write touches nothing else for it.
    private let countsTraffic: Bool
    /// The peer broke the framing: where its next frame begins is not known any more.
    private var hasFailed = false
    /// The hub has no room for what the client publishes: nothing is read meanwhile.
    private var isPaused = false
    let peer: SocketAddress
    /// Whose connection it is counted as.
    let owner: PlaceOwner
    private unowned let worker: Worker
    private let watch: SocketWatch
    private var receiver: WebSocketReceiver
    private lazy var timer = LoopTimer(self)
    private lazy var client = worker.shard.attach(self, share: owner.share)
    private let openedAt: UInt64
    /// Nil for the many that need none.
    private var extras: Extras?
    private var heartbeat: Heartbeat
    private var reason = CloseReason.abnormal

    init(_ descriptor: Int32, watch: SocketWatch, peer: SocketAddress, owner: PlaceOwner, worker: Worker) {
        self.descriptor = descriptor
        self.watch = watch
        self.peer = peer
        self.owner = owner
        self.worker = worker
        receiver = WebSocketReceiver(role: .server, maxMessageBytes: worker.common.settings.maxMessageBytes)
        countsTraffic = worker.common.connectionLog.tellsTraffic
        openedAt = worker.now
        // Neighbours far apart, by the golden ratio; nothing here has to be unpredictable.
        let scattered = (openedAt &+ UInt64(truncatingIfNeeded: descriptor)) &* 0x9E37_79B9_7F4A_7C15
        let head = scattered.multipliedFullWidth(by: worker.common.heartbeat.pingInterval / 2).high
        heartbeat = Heartbeat(now: openedAt, head: head)
    }

    /// Makes the connection a client of the hub; `rest` are bytes that came behind the upgrade request.
    func open(with rest: UnsafeMutableRawBufferPointer) {
        watch.handOver(to: self)
        worker.adopt(self)
        worker.shard.register(client)
        worker.common.connectionLog.opened(client.id, peer)
        if countsTraffic { makeExtras().traffic = ConnectionLog.Traffic() }
        worker.common.receiver.opened(client, on: worker.shard)
        keepAlive()
        if !rest.isEmpty { take(rest) }
    }

    // MARK: Reading

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if failed, !readable, !isBehind { return end(phase == .open ? .readError : reason) }
        if writable, phase != .closed {
            watch.watch(readable: !isPaused, writable: false)
            worker.shard.socketWritable(client)
            if !client.isWaiting { heartbeat.hasTakenAll(worker.now) }
            sendOwedPong()
            if phase == .finishing { worker.finishAtTick(self) }
        }
        // What was read before comes first.
        if readable, phase != .closed, !isBehind, !isPaused { readTurn() }
        // A failed socket is not watched any more: what had come before is read, then the system tells of it again.
        if failed, phase != .closed { watch.watch(readable: !isPaused, writable: client.isWaiting) }
    }

    func socketContinues() {
        guard phase != .closed, !isPaused, let extras, isBehind else { return }
        var bytes = extras.held
        extras.held = []
        bytes.withUnsafeMutableBytes { take($0) }
    }

    /// Whether bytes that were read wait for their turn.
    private var isBehind: Bool { extras.map { !$0.held.isEmpty } ?? false }

    /// Reads for one turn: what came together is handled together, as far as there is time.
    ///
    /// A short turn ends with its units of work, before 64 KiB were read.
    private func readTurn() {
        // One that asks for much reads once a turn, so that the others of its line have theirs.
        let isHeavy = watch.isHeavy
        let size = isHeavy ? worker.readBuffer.count : WebSocketConnection.shortReadBytes
        let buffer = UnsafeMutableRawBufferPointer(rebasing: worker.readBuffer[..<size])
        // Less than asked for was all that had come.
        while read(into: buffer) == size, !isHeavy, worker.loop.hasTimeLeft(after: 0) {
            guard phase != .closed, !isBehind, !isPaused else { return }
        }
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch Socket.read(descriptor, into: buffer) {
        case .bytes(let count):
            worker.counts.pointee.bytesRead += UInt64(count)
            if countsTraffic { extras?.traffic?.receivedBytes += UInt64(count) }
            heartbeat.hasRead(worker.now)
            _ = worker.loop.hasTimeLeft(after: 1 + count >> 10)
            take(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            return count
        case .wouldBlock: break
        case .closed: end(phase == .open ? .abnormal : reason)
        case .failed: end(phase == .open ? .readError : reason)
        }
        return 0
    }

    private func take(_ bytes: UnsafeMutableRawBufferPointer) {
        if hasFailed { return lookForClose(UnsafeRawBufferPointer(bytes)) }
        var offset = 0
        var hasMessage = false
        while phase != .closed, !hasFailed, !isBehind {
            do throws(WebSocketError) {
                guard let event = try receiver.next(in: bytes, at: &offset) else { break }
                if case .message = event { hasMessage = true }
                handle(event)
            } catch {
                fail(error)
            }
            if isPaused || !worker.loop.hasTimeLeft() {
                hold(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                break
            }
        }
        noteProgress(hasMessage)
    }

    /// Keeps the rest of a read until the connection has its turn again.
    private func hold(_ rest: UnsafeRawBufferPointer) {
        guard !rest.isEmpty else { return }
        makeExtras().held = Array(rest)
        if !isPaused { watch.continueSoon() }
    }

    /// Notes whether a message is on its way, and since when.
    private func noteProgress(_ hasMessage: Bool) {
        let isMidMessage = receiver.isMidMessage
        guard isMidMessage || messageBegan != 0 else { return }
        if !isMidMessage {
            extras?.messageBegan = 0
        } else if messageBegan == 0 || hasMessage {
            makeExtras().messageBegan = worker.now
        }
        worker.noteUnfinished(self, isMidMessage && phase != .closed)
    }

    private var messageBegan: UInt64 { extras?.messageBegan ?? 0 }

    private func makeExtras() -> Extras {
        if let extras { return extras }
        let new = Extras()
        extras = new
        return new
    }

    /// Bytes of a message that has not arrived whole, and of messages that wait for their turn.
    var unfinishedBytes: Int { receiver.heldBytes + (extras?.held.count ?? 0) }

    func pauseReading() {
        isPaused = true
        watch.watch(readable: false, writable: client.isWaiting)
    }

    func resumeReading() {
        guard phase != .closed else { return }
        isPaused = false
        // Nothing could be seen of the peer meanwhile.
        heartbeat.excuse(until: worker.now)
        watch.watch(readable: true, writable: client.isWaiting)
        if isBehind { watch.continueSoon() }
    }

    private func handle(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes):
            guard phase == .open, client.isRegistered else { return }
            if countsTraffic { extras?.traffic?.receivedMessages += 1 }
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
        case .fragment: break
        case .pong(let payload): takePong(payload)
        case .close(let code, _): peerCloses(code)
        }
    }

    /// Answers a few pings of a tick at once; of the others, and while the socket takes nothing, only the newest is answered.
    private func answerPing(_ payload: UnsafeRawBufferPointer) {
        let tick = UInt32(truncatingIfNeeded: worker.loop.statistics.ticks)
        let extras = makeExtras()
        if extras.pongTick != tick { (extras.pongTick, extras.pongs) = (tick, 0) }
        guard !client.isWaiting, extras.owedPong == nil, extras.pongs < WebSocketConnection.pongsPerTick else {
            if extras.owedPong == nil { worker.owePong(self) }
            extras.owedPong = Array(payload)
            return
        }
        extras.pongs += 1
        worker.shard.control(WebSocketOpcode.pong.rawValue, payload, to: client)
    }

    /// Answers the newest ping, unless the socket takes nothing still.
    func sendOwedPong() {
        guard phase == .open, !client.isWaiting, let extras, let payload = extras.owedPong else { return }
        extras.owedPong = nil
        payload.withUnsafeBytes { worker.shard.control(WebSocketOpcode.pong.rawValue, $0, to: client) }
    }

    private func takePong(_ payload: UnsafeRawBufferPointer) {
        guard let roundTrip = heartbeat.takePong(payload, worker.now) else { return }
        worker.counts.pointee.pingRoundTrip.observe(roundTrip)
    }

    /// Begins to close; reading goes on, for a peer that is still sending would lose our close frame to a reset.
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
        if error.code.isOfCloseFrame {
            phase = .finishing
            worker.finishAtTick(self)
        }
        hasFailed = !receiver.skipToClose()
    }

    /// A peer that answers our close frame sends nothing behind its own.
    private func lookForClose(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .closing, let code = reason.closeCode, WebSocketReceiver.endsWithClose(bytes, code: code) else {
            return
        }
        peerCloses(code)
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
            if countsTraffic { extras?.traffic?.sentBytes += UInt64(count) }
            if count < total { awaitWritable() }
            return .wrote(count)
        case .wouldBlock:
            awaitWritable()
            return .wrote(0)
        case .closed, .failed: return .failed
        }
    }

    var unsentBytes: Int { Int(clamping: Socket.outgoing(descriptor)?.unacknowledged ?? 0) }

    private func awaitWritable() {
        watch.watch(readable: !isPaused, writable: true)
        guard phase == .open else { return }
        // The next look at the clock may be far off; a write that stands still has its own time.
        let soon = worker.loop.now + worker.common.settings.writeTimeout / 2
        if timer.deadline > soon { worker.loop.schedule(timer, at: soon) }
    }

    // MARK: The heartbeat

    func timerFired(_ timer: LoopTimer) {
        switch phase {
        case .open: keepAlive()
        case .closing, .finishing: closeTimedOut()
        case .closed: break
        }
    }

    /// Looks whether the peer lives, and pings it when it is time.
    private func keepAlive() {
        let (now, times) = (worker.now, worker.common.heartbeat)
        // The peer is judged only by time in which its bytes would have been read.
        let excused = isPaused || watch.isPending ? now : worker.loop.resumed.nanoseconds
        heartbeat.excuse(until: excused)
        if messageBegan != 0 { extras?.messageBegan = max(messageBegan, excused) }
        guard messageBegan == 0 || now &- messageBegan < times.messageTimeout else { return close(.messageTimeout) }
        let blockedSince = client.isWaiting ? client.lastProgress : nil
        let verdict = heartbeat.look(now, times, blockedSince: blockedSince) { Socket.outgoing(descriptor) }
        let delay: UInt64
        switch verdict {
        case .lost(let reason): return close(reason)
        case .look(let next): delay = next
        case .ping(let next):
            delay = next
            withUnsafeBytes(of: now) { worker.shard.control(WebSocketOpcode.ping.rawValue, $0, to: client) }
        }
        worker.loop.schedule(timer, at: times.point(delay, after: now))
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

    /// Queues our close frame behind what waits, and gives the peer time to answer it; until then its bytes are thrown away.
    private func beginClose(_ reason: CloseReason, text: String) {
        guard phase == .open else { return }
        phase = .closing
        self.reason = reason
        hasFailed = !receiver.skipToClose()
        worker.shard.beginClosing(client, reason)
        sendClose(reason.closeCode ?? WebSocketCloseCode.normal, text)
        worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
    }

    private func peerCloses(_ code: UInt16?) {
        switch phase {
        case .open:
            reason = CloseReason(clientCode: code)
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

    /// Ends the socket once both close frames are through.
    ///
    /// - Returns: False when our frame waits for its turn to be written, so that this has to be called again.
    func finishIfFlushed() -> Bool {
        // A socket that takes nothing says when it does again.
        guard client.isFlushed else { return client.isWaiting }
        if phase == .finishing { end(reason) }
        return true
    }

    /// Ends the socket at once.
    func abort(_ reason: CloseReason) { end(phase == .open ? reason : self.reason) }

    private func end(_ reason: CloseReason) {
        guard phase != .closed else { return }
        phase = .closed
        worker.loop.cancel(timer)
        worker.counts.pointee.closed.count(reason)
        let duration = worker.now &- openedAt
        worker.counts.pointee.connectionDuration.observe(duration)
        worker.common.connectionLog.closed(
            client.id,
            peer,
            reason,
            after: Duration(wholeNanoseconds: duration),
            extras?.traffic
        )
        // Its topics are left now or soon.
        _ = worker.loop.hasTimeLeft(after: 4 + min(client.subscriptionCount, 64) / 2)
        worker.shard.detach(client, reason == .writeError ? .writeError : .closed)
        worker.noteUnfinished(self, false)
        watch.close()
        worker.forget(self)
    }
}

/// What most connections never need, so that they do not carry it; kept once it is there.
private final class Extras {
    /// What was read and waits for its turn, or for the end of a pause; at most one read.
    var held: [UInt8] = []
    /// The newest ping that is not answered yet, when many came or the socket takes nothing (RFC 6455 section 5.5.3).
    var owedPong: [UInt8]?
    /// When the message began that has not arrived whole; 0 when there is none.
    var messageBegan: UInt64 = 0
    /// Pongs that were queued in the tick `pongTick`.
    var pongs: UInt8 = 0
    var pongTick: UInt32 = 0
    /// What went over the connection, when the log will tell of it.
    var traffic: ConnectionLog.Traffic?
}
