// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import HubMetrics
import HubWire

extension WebSocketConnection {
    /// Pongs that are queued at once.
    private static let pongsPerTick: UInt8 = 16
    /// What one read takes of a client whose turns were short lately, which is what is kept when its turn ends early.
    private static let shortReadBytes = 4096

    func socketContinues() {
        guard phase != .closed, !isPaused, let extras, isBehind else { return }
        var bytes = extras.held
        extras.held = []
        bytes.withUnsafeMutableBytes { take($0) }
    }

    /// Whether bytes that were read wait for their turn.
    var isBehind: Bool { extras.map { !$0.held.isEmpty } ?? false }

    /// Reads for one turn: what came together is handled together, as far as there is time.
    ///
    /// A short turn ends with its units of work, before 64 KiB were read.
    /// - Returns: Whether there was anything.
    func readTurn() -> Bool {
        // One that asks for much reads once a turn, so that the others of its line have theirs.
        let isHeavy = watch.isHeavy
        let size = isHeavy ? worker.readBuffer.count : WebSocketConnection.shortReadBytes
        let buffer = UnsafeMutableRawBufferPointer(rebasing: worker.readBuffer[..<size])
        // Less than asked for was all that had come.
        var count = read(into: buffer)
        let hadBytes = count > 0
        while count == size, !isHeavy, phase != .closed, !isBehind, !isPaused, worker.loop.hasTimeLeft(after: 0) {
            count = read(into: buffer)
        }
        return hadBytes
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

    func take(_ bytes: UnsafeMutableRawBufferPointer) {
        if hasFailed { return lookForClose(UnsafeRawBufferPointer(bytes)) }
        var offset = 0
        var hasMessage = false
        while phase != .closed, !hasFailed, !isBehind {
            let before = worker.shard.work
            do throws(WebSocketError) {
                guard let event = try receiver.next(in: bytes, at: &offset) else { break }
                if case .message = event { hasMessage = true }
                handle(event)
            } catch {
                fail(error)
                if hasFailed {
                    lookForClose(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                    break
                }
            }
            // A message may have had many queues written, to make room in them.
            if !worker.loop.hasTimeLeft(after: 1 &+ worker.shard.work &- before) || isPaused {
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

    var messageBegan: UInt64 { extras?.messageBegan ?? 0 }

    func makeExtras() -> ConnectionExtras {
        if let extras { return extras }
        let new = ConnectionExtras()
        extras = new
        return new
    }

    /// Bytes of a message that has not arrived whole, and of messages that wait for their turn.
    var unfinishedBytes: Int { receiver.heldBytes + (extras?.held.count ?? 0) }

    func pauseReading() {
        isPaused = true
        watch.watch(readable: false, writable: client.isWaiting && phase != .broken)
    }

    func resumeReading() {
        guard phase != .closed else { return }
        isPaused = false
        // Nothing could be seen of the peer meanwhile.
        heartbeat.excuse(until: worker.now)
        watch.watch(readable: true, writable: client.isWaiting && phase != .broken)
        if isBehind { watch.continueSoon() }
    }

    private func handle(_ event: WebSocketEvent) {
        switch event {
        case .message(let kind, let bytes):
            guard phase == .open || phase == .broken, client.isRegistered else { return }
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
}
