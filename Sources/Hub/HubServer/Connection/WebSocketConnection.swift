// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import HubWire

/// A connection that speaks WebSocket: reads messages, writes its client's queue, keeps the heartbeat, closes properly.
final class WebSocketConnection: SocketHandler, ClientTransport, LoopTimerTarget {
    enum Phase {
        case open
        /// Nothing can be written any more; what the peer had sent before that is read, and then the connection's end.
        case broken
        /// A close frame of ours is on its way; what still comes is thrown away until the peer's, its end, or the time-out.
        case closing
        /// The peer's close frame came; once ours is written the socket ends.
        case finishing
        case closed
    }

    // What a write touches comes first, in one line of the caches; small fields stand together.
    let descriptor: Int32
    var phase = Phase.open
    /// There is ``ConnectionExtras/traffic``; asked here, so that a write touches nothing else for it.
    let countsTraffic: Bool
    /// The peer broke the framing: where its next frame begins is not known any more.
    var hasFailed = false
    /// The hub has no room for what the client publishes: nothing is read meanwhile.
    var isPaused = false
    /// Keeps its connections until they are closed, as they keep it.
    let worker: Worker
    let watch: SocketWatch
    lazy var client = worker.shard.attach(self, share: owner.share)
    lazy var timer = LoopTimer(self)
    /// Nil for the many that need none.
    var extras: ConnectionExtras?
    var heartbeat: Heartbeat
    var receiver: WebSocketReceiver
    var reason = CloseReason.abnormal
    let openedAt: UInt64
    let peer: SocketAddress
    /// Whose connection it is counted as.
    let owner: PlaceOwner

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
        heartbeat = Heartbeat(now: worker.polled, head: head)
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

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if writable, phase != .closed {
            watch.watch(readable: !isPaused, writable: false)
            worker.shard.socketWritable(client)
            if !client.isWaiting { heartbeat.hasTakenAll(worker.now) }
            sendOwedPong()
            if phase == .finishing { worker.finishAtTick(self) }
        }
        // What was read before comes first; and what came before a reset is still there to be read.
        if readable || failed, phase != .closed, !isBehind, !isPaused {
            let hadBytes = readTurn()
            if failed, !hadBytes { return end(phase == .open ? .readError : reason) }
        }
        // A failed socket is not watched any more: the system has to tell of the rest again. While nothing may be read it
        // would do so in every tick.
        if failed, phase != .closed, !isPaused { watch.watch(readable: true, writable: false) }
    }

    // MARK: Writing

    func write(_ vectors: UnsafeBufferPointer<OutboundVector>) -> WriteOutcome {
        guard phase != .closed, phase != .broken else { return .failed }
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
        case .closed, .failed: return writeFailed()
        }
    }

    /// The peer is gone for what is written; what it sent before is read, for as long as a close may take.
    private func writeFailed() -> WriteOutcome {
        guard phase == .open else { return .failed }
        phase = .broken
        reason = .writeError
        watch.watch(readable: !isPaused, writable: false)
        worker.loop.schedule(timer, after: worker.common.settings.closeTimeout)
        return .wrote(0)
    }

    var unsentBytes: Int { Int(clamping: Socket.outgoing(descriptor)?.unacknowledged ?? 0) }

    func awaitWritable() {
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
        case .broken: end(reason)
        case .closing, .finishing: closeTimedOut()
        case .closed: break
        }
    }

    /// Looks whether the peer lives, and pings it when it is time.
    func keepAlive() {
        // The peer is judged only by time in which its bytes would have been read.
        let (now, times) = (worker.polled, worker.common.heartbeat)
        let excused = isPaused ? now : worker.loop.resumed.nanoseconds
        heartbeat.excuse(until: excused)
        if messageBegan != 0 {
            let began = max(messageBegan, excused)
            if now > began, now - began >= times.messageTimeout { return close(.messageTimeout) }
            extras?.messageBegan = began
        }
        let blockedSince = client.isWaiting ? client.lastProgress : nil
        let verdict = heartbeat.look(now, times, blockedSince: blockedSince) { Socket.outgoing(descriptor) }
        let delay: UInt64
        switch verdict {
        case .lost(let reason):
            // What has come and had no turn yet may be the sign of life, and has it within some ticks. Asked only now, as most
            // pings find the watch in no cache.
            guard reason == .writeTimeout ? watch.isRoomPending : watch.isPending else { return close(reason) }
            delay = 1
        case .look(let next): delay = next
        case .ping(let next):
            delay = next
            withUnsafeBytes(of: now) { worker.shard.control(WebSocketOpcode.ping.rawValue, $0, to: client) }
        }
        worker.loop.schedule(timer, at: times.point(delay, after: worker.now))
    }
}
