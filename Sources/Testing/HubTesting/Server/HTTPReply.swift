// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// An answer of a server, whole.
package struct HTTPReply: Sendable {
    package let head: HTTPResponseHead
    package let body: [UInt8]

    package var status: Int { head.status }
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of a header, its repeats joined by commas; nil if there is none.
    package subscript(_ header: String) -> String? { head.headers[header] }
}

extension Peer {
    /// Sends a GET, or another request without a body, over the open connection.
    package func request(_ target: String, method: String = "GET", headers: [(String, String)] = []) {
        let fields = ([("Host", "hub.example.org")] + headers).map { "\($0): \($1)\r\n" }.joined()
        send("\(method) \(target) HTTP/1.1\r\n\(fields)\r\n")
    }

    /// Waits for the next answer on the connection; its body is what `Content-Length` says.
    ///
    /// - Parameter isHead: The request was HEAD: no body follows.
    /// - Throws: ``PeerFault`` `.badBytes` when it is no HTTP, or has no length.
    package func reply(isHead: Bool = false, within limit: Duration = .seconds(60)) async throws(PeerFault) -> HTTPReply
    {
        try await read("an answer", within: limit) { (input) throws(PeerFault) -> HTTPReply? in
            guard let (head, size) = try Self.head(of: input) else { return nil }
            guard let length = head.contentLength else { throw PeerFault(.badBytes, "an answer without length") }
            let bodySize = isHead ? 0 : length
            guard input.count >= size + bodySize else { return nil }
            _ = input.take(size)
            return HTTPReply(head: head, body: input.take(bodySize))
        }
    }

    /// Sends a request and waits for its answer.
    package func get(
        _ target: String,
        method: String = "GET",
        headers: [(String, String)] = []
    ) async throws(PeerFault) -> HTTPReply {
        request(target, method: method, headers: headers)
        return try await reply(isHead: method == "HEAD")
    }

    /// The head that bytes begin with and its size; nil while it is not whole.
    static func head(of input: PeerInput) throws(PeerFault) -> (HTTPResponseHead, Int)? {
        var parser = HTTPResponseParser(maxHeadBytes: 64 * 1024)
        do throws(HTTPError) {
            let read = input.withUnread { bytes in
                Result<(head: HTTPResponseHead, consumed: Int)?, HTTPError> { () throws(HTTPError) in
                    try parser.feed(bytes)
                }
            }
            return try read.get()
        } catch {
            let start = input.withUnread { String(decoding: $0.prefix(200), as: UTF8.self) }
            throw PeerFault(.badBytes, "no HTTP (\(error.message)): \(start)")
        }
    }
}
