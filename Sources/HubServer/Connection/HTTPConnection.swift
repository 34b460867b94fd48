// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop
import HubMetrics
import HubWire

/// A connection that speaks HTTP: requests one after the other, until it ends or becomes a WebSocket.
final class HTTPConnection: SocketHandler, LoopTimerTarget {
    private enum State {
        /// Waits for a head, or for the rest of one.
        case reading
        /// A route will answer.
        case waiting(Exchange)
        /// An answer is being written.
        case writing
        /// Nothing more is sent; what still comes is thrown away, so that the last answer is not lost by a reset.
        case lingering
        case closed
    }

    /// One request, until its answer is written.
    private struct Exchange {
        var label: RouteLabel
        let method: MethodLabel
        let isHead: Bool
        let keepAlive: Bool
        let began: UInt64
        var number: UInt64 = 0
    }

    private static let lingerTime: Duration = .seconds(2)

    private let descriptor: Int32
    private let peer: SocketAddress
    private let router: Router
    private unowned let worker: Worker
    private var watch: SocketWatch?
    private var timer: LoopTimer?
    private var parser: HTTPRequestParser
    private var state = State.reading
    /// Bytes that came while a request was being answered.
    private var early: [UInt8] = []
    private var isParsing = false
    private var output: [UInt8] = []
    private var written = 0
    private var closesAfterWriting = false
    private var hasServed = false
    private let accepted: UInt64

    init(_ descriptor: Int32, peer: SocketAddress, router: Router, worker: Worker) throws(LoopError) {
        self.descriptor = descriptor
        self.peer = peer
        self.router = router
        self.worker = worker
        parser = HTTPRequestParser(maxHeadBytes: worker.common.settings.maxHeadBytes)
        accepted = worker.now
        let watch = try SocketWatch(loop: worker.loop, descriptor: descriptor, handler: self)
        self.watch = watch
        let timer = LoopTimer(self)
        self.timer = timer
        watch.watch(readable: true, writable: false)
        worker.loop.schedule(timer, after: worker.common.settings.headerTimeout)
    }

    // MARK: Events

    func socketReady(readable: Bool, writable: Bool, failed: Bool) {
        if failed { return close() }
        if writable { flush() }
        if readable { read() }
    }

    func timerFired(_ timer: LoopTimer) {
        switch state {
        case .reading where parser.isMidHead:
            worker.counts.pointee.rejected.count(.headerTimeout)
            refuse(.text(408, "the request head took too long"))
        case .waiting, .closed: break
        default: close()
        }
    }

    private func read() {
        switch Socket.read(descriptor, into: worker.readBuffer) {
        case .bytes(let count):
            worker.counts.pointee.bytesRead += UInt64(count)
            take(UnsafeMutableRawBufferPointer(rebasing: worker.readBuffer[..<count]))
        case .wouldBlock: break
        case .closed, .failed: close()
        }
    }

    private func take(_ bytes: UnsafeMutableRawBufferPointer) {
        switch state {
        case .reading: serveAll(bytes)
        case .waiting, .writing: keepEarly(bytes)
        case .lingering, .closed: break
        }
    }

    /// Keeps pipelined bytes; what goes beyond one head and one read stays in the socket until the answer is written.
    private func keepEarly(_ bytes: UnsafeMutableRawBufferPointer) {
        early.append(contentsOf: bytes)
        guard case .waiting = state, early.count > worker.common.settings.maxHeadBytes else { return }
        watch?.watch(readable: false, writable: false)
    }

    // MARK: Requests

    /// Serves requests one after the other, and not one within the answer of the other: they may be thousands.
    private func serveAll(_ bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        isParsing = true
        while case .reading = state, offset < bytes.count {
            offset += parse(UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]))
        }
        isParsing = false
        if offset < bytes.count { take(UnsafeMutableRawBufferPointer(rebasing: bytes[offset...])) }
    }

    /// Serves what came while the last request was being answered.
    private func serveEarly() {
        guard !isParsing, !early.isEmpty else { return }
        var bytes = early
        early = []
        bytes.withUnsafeMutableBytes { serveAll($0) }
    }

    /// Reads one head and serves it; returns how many of the bytes that took.
    private func parse(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        let isFirstPart = !parser.isMidHead
        do throws(HTTPError) {
            guard let (head, consumed) = try parser.feed(UnsafeRawBufferPointer(bytes)) else {
                // A connection between requests waits longer than one in the middle of a head.
                if isFirstPart, hasServed { schedule(worker.common.settings.headerTimeout) }
                return bytes.count
            }
            return serve(head, consumed, of: bytes)
        } catch {
            worker.counts.pointee.rejected.count(.badRequest)
            count(.unknown, .other, error.status, since: worker.now)
            worker.common.log.debug(
                "bad request",
                [LogField("peer", peer.description), LogField("error", error.message)]
            )
            refuse(.text(error.status, error.message))
            return bytes.count
        }
    }

    private func serve(_ head: HTTPRequestHead, _ consumed: Int, of bytes: UnsafeMutableRawBufferPointer) -> Int {
        var exchange = Exchange(
            label: .unknown,
            method: MethodLabel(head.method),
            isHead: head.method == "HEAD",
            keepAlive: head.keepAlive && head.contentLength == 0,
            began: worker.now
        )
        switch router.route(head) {
        case .failure(let refusal):
            exchange.label = refusal.label
            state = .waiting(exchange)
            send(refusal.answer)
        case .success(let route):
            exchange.label = route.label
            if case .webSocket = route.action {
                upgrade(head, UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...]), exchange)
                return bytes.count
            }
            answer(head, route, exchange)
        }
        return consumed
    }

    private func answer(_ head: HTTPRequestHead, _ route: Route, _ exchange: Exchange) {
        guard head.contentLength == 0 else {
            state = .waiting(exchange)
            return send(.text(413, "this path takes no body"))
        }
        switch route.action {
        case .answer(let body):
            state = .waiting(exchange)
            send(body(head))
        case .answerLater(let body):
            var exchange = exchange
            exchange.number = worker.expectAnswer(for: self)
            state = .waiting(exchange)
            worker.counts.pointee.requestsInFlight += 1
            let loop = worker.loop
            let reply = AnswerAddress(worker: worker, number: exchange.number)
            body(head) { answer in _ = loop.post { reply.deliver(answer) } }
        case .webSocket: break
        }
    }

    // MARK: Upgrade

    private func upgrade(_ head: HTTPRequestHead, _ rest: UnsafeMutableRawBufferPointer, _ exchange: Exchange) {
        let handshake: WebSocketHandshake
        do throws(HandshakeError) {
            handshake = try WebSocketHandshake.parse(head)
        } catch {
            return reject(.badHandshake, .text(error.status, error.message, headers: error.headers), exchange)
        }
        let settings = worker.common.settings
        guard !worker.common.isDraining else {
            return reject(.draining, .text(503, "the hub is draining", headers: [("Retry-After", "5")]), exchange)
        }
        guard settings.origins.allows(origin: handshake.origin, host: head.headers["host"]) else {
            return reject(.origin, .text(403, "this origin may not connect"), exchange)
        }
        let subprotocol = handshake.subprotocol(from: settings.subprotocols)
        guard subprotocol != nil || handshake.subprotocols.isEmpty || settings.subprotocols.isEmpty else {
            let known = settings.subprotocols.joined(separator: ", ")
            return reject(.badHandshake, .text(400, "none of these subprotocols; the hub speaks \(known)"), exchange)
        }
        if let reason = worker.common.limiter.admit(peer.host) {
            return reject(reason, .text(503, "too many connections", headers: [("Retry-After", "5")]), exchange)
        }
        let accept = WebSocketHandshake.acceptValue(digest: SHA1.digest(handshake.acceptInput))
        let response = WebSocketHandshake.response(accept: accept, subprotocol: subprotocol)
        become(response, rest, exchange)
    }

    /// Hands the socket over to a WebSocket.
    private func become(_ response: [UInt8], _ rest: UnsafeMutableRawBufferPointer, _ exchange: Exchange) {
        let sent = response.withUnsafeBytes { Socket.write(descriptor, $0) }
        guard case .bytes(response.count) = sent, let watch else {
            // A fresh socket that does not take 200 bytes is broken.
            worker.common.limiter.release(peer.host)
            return close()
        }
        worker.counts.pointee.httpBytesWritten += UInt64(response.count)
        count(exchange.label, exchange.method, 101, since: exchange.began)
        worker.counts.pointee.handshakeAccepted.observe(worker.now &- accepted)
        state = .closed
        stopTimer()
        self.watch = nil
        let connection = WebSocketConnection(descriptor, watch: watch, peer: peer, worker: worker)
        worker.forget(self)
        connection.open(with: rest)
    }

    private func reject(_ reason: RejectionReason, _ answer: HTTPAnswer, _ exchange: Exchange) {
        worker.counts.pointee.rejected.count(reason)
        worker.counts.pointee.handshakeRejected.observe(worker.now &- accepted)
        count(exchange.label, exchange.method, answer.status, since: exchange.began)
        refuse(answer, isHead: exchange.isHead)
    }

    // MARK: Answers

    /// Sends the answer to the request that is waiting for one.
    func send(_ answer: HTTPAnswer) {
        guard case .waiting(let exchange) = state else { return }
        if exchange.number != 0 { worker.counts.pointee.requestsInFlight -= 1 }
        count(exchange.label, exchange.method, answer.status, since: exchange.began)
        closesAfterWriting = !exchange.keepAlive
        write(answer, keepAlive: exchange.keepAlive, isHead: exchange.isHead)
    }

    /// Sends a refusal, behind which the connection ends.
    private func refuse(_ answer: HTTPAnswer, isHead: Bool = false) {
        closesAfterWriting = true
        write(answer, keepAlive: false, isHead: isHead)
    }

    private func write(_ answer: HTTPAnswer, keepAlive: Bool, isHead: Bool) {
        output = HTTPResponse.encode(
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            keepAlive: keepAlive,
            isHead: isHead
        )
        written = 0
        state = .writing
        schedule(worker.common.settings.writeTimeout)
        flush()
    }

    private func flush() {
        guard case .writing = state else { return }
        while written < output.count {
            let sent = output.withUnsafeBytes {
                Socket.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            switch sent {
            case .bytes(let count):
                written += count
                worker.counts.pointee.httpBytesWritten += UInt64(count)
            case .wouldBlock:
                watch?.watch(readable: false, writable: true)
                return
            case .closed, .failed: return close()
            }
        }
        finishAnswer()
    }

    private func finishAnswer() {
        output = []
        hasServed = true
        if closesAfterWriting { return linger() }
        state = .reading
        watch?.watch(readable: true, writable: false)
        schedule(early.isEmpty ? worker.common.settings.keepAliveTimeout : worker.common.settings.headerTimeout)
        serveEarly()
    }

    private func count(_ route: RouteLabel, _ method: MethodLabel, _ status: Int, since began: UInt64) {
        let now = worker.loop.clock.now().nanoseconds
        worker.counts.pointee.countRequest(route, method, status, nanoseconds: now > began ? now - began : 0)
    }

    // MARK: Ending

    private func linger() {
        state = .lingering
        early = []
        Socket.shutdownWrite(descriptor)
        watch?.watch(readable: true, writable: false)
        schedule(HTTPConnection.lingerTime)
    }

    func close() {
        if case .waiting(let exchange) = state, exchange.number != 0 {
            worker.dropAnswer(exchange.number)
            worker.counts.pointee.requestsInFlight -= 1
        }
        if case .closed = state { return }
        state = .closed
        stopTimer()
        watch?.close()
        watch = nil
        worker.forget(self)
    }

    private func schedule(_ duration: Duration) {
        if let timer { worker.loop.schedule(timer, after: duration) }
    }

    private func stopTimer() {
        if let timer { worker.loop.cancel(timer) }
        timer = nil
    }
}

/// Where an answer from another thread has to go.
private struct AnswerAddress: @unchecked Sendable {
    /// Used on its own loop only.
    private unowned let worker: Worker
    private let number: UInt64

    init(worker: Worker, number: UInt64) {
        self.worker = worker
        self.number = number
    }

    func deliver(_ answer: HTTPAnswer) { worker.answer(number, answer) }
}
