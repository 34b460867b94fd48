// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What a route answers.
package struct HTTPAnswer: Sendable {
    /// The status, 200 to 599.
    package var status: Int
    /// Headers beside the length and `Connection`.
    package var headers: [(String, String)]
    /// The body; a large one is not copied, so that many connections can be given the same.
    package var body: [UInt8]
    /// Called when a socket does not take a large body at once; what it returns is kept until the socket has, or has ended.
    ///
    /// It is given a way to end that wait, from any thread, with the connection.
    package var hold: (@Sendable (_ giveUp: @escaping @Sendable () -> Void) -> AnyObject)?

    /// Makes an answer.
    package init(_ status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer of a line of text.
    package static func text(_ status: Int, _ text: String, headers: [(String, String)] = []) -> HTTPAnswer {
        HTTPAnswer(
            status,
            headers: [("Content-Type", "text/plain; charset=utf-8")] + headers,
            body: Array((text + "\n").utf8)
        )
    }

    /// An answer of JSON, which a cache must not keep.
    package static func json(_ status: Int, _ body: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(
            status,
            headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
            body: body
        )
    }
}
