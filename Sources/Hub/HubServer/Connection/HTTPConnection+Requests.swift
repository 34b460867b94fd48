// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubLoop
import HubMetrics
import HubWire
import Synchronization

extension HTTPConnection {
    /// Reads one head and serves it; returns how many of the bytes that took.
    func parse(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
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
            count(RouteLabels.unknown, .other, error.status, since: worker.now)
            logBadRequest(error.message)
            refuse(.text(error.status, error.message))
            return bytes.count
        }
    }

    private func serve(_ head: HTTPRequestHead, _ consumed: Int, of bytes: UnsafeMutableRawBufferPointer) -> Int {
        let method = HTTPMethods(named: head.method)
        var exchange = Exchange(
            route: RouteLabels.unknown,
            method: MethodLabel(method),
            isHead: method == .headAlone,
            keepAlive: head.keepAlive && !head.hasBody && refusal == nil,
            began: worker.now
        )
        switch router.route(head, method) {
        case .failure(let refusal):
            exchange.route = refusal.label
            guard self.refusal == nil else {
                refuseAdmission(exchange)
                return bytes.count
            }
            state = .waiting(exchange)
            send(refusal.answer)
        case .success(let match):
            exchange.route = match.entry.label
            exchange.method = MethodLabel(method, takenBy: match.entry.methods)
            guard refusal == nil || match.entry.isHealth else {
                refuseAdmission(exchange)
                return bytes.count
            }
            refusal = nil
            if case .webSocket = match.entry.action {
                upgrade(head, UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...]), exchange)
                return bytes.count
            }
            let request = RouteRequest(head, match.parameters, owner: place?.owner, peer: peer)
            admit(request, match.entry, exchange, isAlone: consumed == bytes.count)
        }
        return consumed
    }

    /// Lets the route refuse a request by its head; then has its body come, or the route answer.
    ///
    /// - Parameter isAlone: Nothing has come behind the head.
    private func admit(_ request: RouteRequest, _ entry: Router.Entry, _ exchange: Exchange, isAlone: Bool) {
        if let admit = entry.admit, let refusal = admit(request) {
            state = .waiting(exchange)
            send(refusal)
        } else if request.head.hasBody {
            expectBody(request, entry, exchange, isAlone: isAlone)
        } else {
            answer(request, entry, exchange)
        }
    }

    /// Has the route answer a request that has come whole.
    func answer(_ request: RouteRequest, _ entry: Router.Entry, _ exchange: Exchange) {
        switch entry.action {
        case .answer(let action):
            state = .waiting(exchange)
            send(action(request))
        case .answerLater(let action):
            var exchange = exchange
            exchange.number = worker.expectAnswer(for: self)
            state = .waiting(exchange)
            worker.counts.pointee.requestsInFlight += 1
            let reply = LateAnswer(worker.loop, AnswerAddress(worker: worker, number: exchange.number))
            action(request) { answer in reply.give(answer) }
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
            worker.common.reportOrigin(handshake.origin ?? "", host: head.headers["host"], peer: peer)
            return reject(.origin, .text(403, "this origin is not in server.allowed_origins"), exchange)
        }
        let subprotocol = handshake.subprotocol(from: settings.subprotocols)
        guard subprotocol != nil || handshake.subprotocols.isEmpty || settings.subprotocols.isEmpty else {
            let known = settings.subprotocols.joined(separator: ", ")
            return reject(.badHandshake, .text(400, "none of these subprotocols; the hub speaks \(known)"), exchange)
        }
        let accept = WebSocketHandshake.acceptValue(digest: SHA1.digest(handshake.acceptInput))
        let response = WebSocketHandshake.response(accept: accept, subprotocol: subprotocol)
        become(response, rest, exchange)
    }

    /// Hands the socket over to a WebSocket.
    private func become(_ response: [UInt8], _ rest: UnsafeMutableRawBufferPointer, _ exchange: Exchange) {
        output.append(response)
        let (outcome, written) = output.write(to: descriptor)
        worker.counts.pointee.httpBytesWritten += UInt64(written)
        guard case .done = outcome, let watch, let place else {
            // It takes neither the answers before nor these two hundred bytes.
            worker.reject(peer, .aborted)
            return close()
        }
        assert(!place.isRefused, "only health is answered beyond a limit")
        count(exchange.route, exchange.method, 101, since: exchange.began)
        worker.counts.pointee.handshakeAccepted.observe(elapsed(since: exchange.began))
        state = .closed
        stopTimer()
        self.watch = nil
        self.place = nil
        let connection = WebSocketConnection(descriptor, watch: watch, peer: peer, owner: place.owner, worker: worker)
        worker.forget(self)
        connection.open(with: rest)
    }

    private func reject(_ reason: RejectionReason, _ answer: HTTPAnswer, _ exchange: Exchange) {
        worker.reject(peer, reason)
        worker.counts.pointee.handshakeRejected.observe(elapsed(since: exchange.began))
        count(exchange.route, exchange.method, answer.status, since: exchange.began)
        refuse(answer, isHead: exchange.isHead)
    }

    // MARK: Answers

    /// Sends the answer to the request that is waiting for one.
    func send(_ answer: HTTPAnswer) {
        guard case .waiting(let exchange) = state else { return }
        if exchange.number != 0 { worker.counts.pointee.requestsInFlight -= 1 }
        isBlocked = false
        count(exchange.route, exchange.method, answer.status, since: exchange.began)
        write(answer, keepAlive: exchange.keepAlive, isHead: exchange.isHead)
    }

    /// Tells a connection beyond a limit that it is; the exchange is its request, if one came.
    func refuseAdmission(_ exchange: Exchange?) {
        if let reason = refusal { worker.reject(peer, reason) }
        refusal = nil
        if let exchange { count(exchange.route, exchange.method, 503, since: exchange.began) }
        refuse(.tooManyConnections, isHead: exchange?.isHead ?? false)
    }

    /// Ends the wait for a head that does not come whole.
    func refuseSlowHead() {
        worker.reject(peer, .headerTimeout)
        count(RouteLabels.unknown, .other, 408, since: worker.now)
        refuse(.text(408, "the request head took too long"))
    }

    /// Sends a refusal, behind which the connection ends.
    private func refuse(_ answer: HTTPAnswer, isHead: Bool = false) {
        write(answer, keepAlive: false, isHead: isHead)
    }

    /// Says in the log what was wrong with a request that breaks the protocol.
    func logBadRequest(_ message: String) {
        worker.common.log.debug("bad request", [LogField("peer", peer.description), LogField("error", message)])
    }

    private func count(_ route: Int, _ method: MethodLabel, _ status: Int, since began: UInt64) {
        worker.counts.pointee.countRequest(route, method, status, nanoseconds: elapsed(since: began))
    }

    /// Nanoseconds by the clock itself, which goes on within a tick.
    private func elapsed(since began: UInt64) -> UInt64 {
        let now = worker.loop.clock.now().nanoseconds
        return now > began ? now - began : 0
    }
}

extension HTTPAnswer {
    /// What a connection beyond a limit gets.
    static let tooManyConnections = HTTPAnswer.text(503, "too many connections", headers: [("Retry-After", "5")])
}

/// An answer that a route owes: the first that it gives counts, and a route that forgets it has none to give.
private final class LateAnswer: Sendable {
    private let loop: EventLoop
    private let address: AnswerAddress
    private let isGiven = Atomic<Bool>(false)

    init(_ loop: EventLoop, _ address: AnswerAddress) {
        self.loop = loop
        self.address = address
    }

    deinit { give(.text(500, "the request was not answered")) }

    func give(_ answer: HTTPAnswer) {
        guard !isGiven.exchange(true, ordering: .relaxed) else { return }
        _ = loop.post { [address] in address.deliver(answer) }
    }
}

/// Where an answer from another thread has to go.
///
/// Carried through other threads and opened in a job on the worker's own loop only, which runs no job after its end.
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
