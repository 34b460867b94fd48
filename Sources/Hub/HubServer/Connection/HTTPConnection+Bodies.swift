// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubWire

extension HTTPConnection {
    /// Has the body of a request come, or refuses it by what its head announces.
    ///
    /// - Parameter isAlone: Nothing has come behind the head, so the peer may wait for leave to send.
    func expectBody(_ request: RouteRequest, _ entry: Router.Entry, _ exchange: Exchange, isAlone: Bool) {
        let (head, limit) = (request.head, entry.maxBodyBytes)
        guard limit > 0 else { return refuseBody(.text(413, "this path takes no body"), exchange) }
        guard head.contentLength <= limit else { return refuseLargeBody(limit, exchange) }
        var exchange = exchange
        exchange.keepAlive = head.keepAlive
        upload = Upload(request, entry, exchange, budget: worker.common.bodies)
        state = .receiving
        schedule(worker.common.settings.bodyTimeout)
        if head.expectsContinue, isAlone { output.append(HTTPResponse.goOn) }
    }

    /// Takes what has come of the body, and has the route answer once it is whole; returns how many bytes that took.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let upload else { return 0 }
        do throws(HTTPBodyError) {
            guard let count = try upload.take(bytes) else {
                worker.counts.pointee.bodiesRefused.count(.noRoom)
                refuseBody(.tooManyBodies, upload.exchange)
                return bytes.count
            }
            if let request = upload.request {
                self.upload = nil
                answer(request, upload.entry, upload.exchange)
            }
            return count
        } catch {
            if error.code == .tooLarge {
                refuseLargeBody(upload.entry.maxBodyBytes, upload.exchange)
            } else {
                worker.counts.pointee.rejected.count(.badRequest)
                logBadRequest(error.message)
                refuseBody(.text(error.status, error.message), upload.exchange)
            }
            return bytes.count
        }
    }

    /// Ends the wait for a body that does not come whole.
    func refuseSlowBody() {
        guard let exchange = upload?.exchange else { return }
        worker.counts.pointee.bodiesRefused.count(.timeout)
        refuseBody(.text(408, "the request body took too long"), exchange)
    }

    private func refuseLargeBody(_ limit: Int, _ exchange: Exchange) {
        worker.counts.pointee.bodiesRefused.count(.tooLarge)
        refuseBody(.text(413, "this path takes a body of at most \(limit) bytes"), exchange)
    }

    /// Refuses a request whose body is not read, behind which the connection ends.
    private func refuseBody(_ answer: HTTPAnswer, _ exchange: Exchange) {
        var exchange = exchange
        exchange.keepAlive = false
        upload = nil
        state = .waiting(exchange)
        send(answer)
    }
}

extension HTTPAnswer {
    /// What a request gets for whose body the node has no room.
    static let tooManyBodies = HTTPAnswer.text(503, "too many request bodies at once", headers: [("Retry-After", "1")])
}
