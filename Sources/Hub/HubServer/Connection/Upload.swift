// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubWire

/// A request whose body is coming; a connection has one only then.
final class Upload {
    let entry: Router.Entry
    let exchange: HTTPConnection.Exchange
    /// The request, which has its body once that is whole.
    private let admitted: RouteRequest
    private let body: RequestBody
    private var decoder: HTTPBodyDecoder
    /// What came in time was given the time to be read.
    private var hadGrace = false

    /// - Parameter request: One that its route lets in, and whose length it takes.
    init(_ request: RouteRequest, _ entry: Router.Entry, _ exchange: HTTPConnection.Exchange, budget: BodyBudget) {
        let limit = entry.maxBodyBytes
        self.entry = entry
        self.exchange = exchange
        admitted = request
        decoder = HTTPBodyDecoder(request.head, limit: limit)
        body = RequestBody(
            most: request.head.isChunked ? limit : min(limit, request.head.contentLength),
            budget: budget,
            address: request.address
        )
    }

    /// Adds what has come; returns how many bytes were the body's, or nil when the node has no room for them.
    func take(_ piece: UnsafeRawBufferPointer) throws(HTTPBodyError) -> Int? { try body.take(piece, &decoder) }

    /// Whether there is a last second for what has come and was not read; once.
    func takeGrace() -> Bool {
        defer { hadGrace = true }
        return !hadGrace
    }

    /// The request with its body; nil before that has come whole.
    var request: RouteRequest? { decoder.isWhole ? admitted.with(body) : nil }
}
