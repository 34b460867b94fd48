// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A response's status and headers.
package struct HTTPResponseHead: Sendable, Equatable {
    /// The status, 100 to 599.
    package var status: Int
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    package var minorVersion: Int
    /// The header fields.
    package var headers: HTTPHeaders
    /// The body's length; `nil` if it ends with the connection.
    ///
    /// The answer to a HEAD has no body, whatever this says.
    package var contentLength: Int?

    /// A head that did not come from the wire, for tests.
    package init(status: Int, minorVersion: Int = 1, headers: HTTPHeaders = HTTPHeaders(), contentLength: Int? = nil) {
        self.status = status
        self.minorVersion = minorVersion
        self.headers = headers
        self.contentLength = contentLength
    }
}

/// Reads the heads of a server's answers, for the commands that talk to a hub.
///
/// As strict as ``HTTPRequestParser``, whose limits and costs it has; bodies by length or to the end of the connection.
package struct HTTPResponseParser: Sendable {
    private var scanner: HTTPHeadScanner
    private var failure: HTTPError?

    /// A parser before the first response.
    ///
    /// - Parameter maxHeadBytes: The longest head, with the empty line that ends it; 1 byte to 1 MiB.
    package init(maxHeadBytes: Int = 16_384) { scanner = HTTPHeadScanner(limit: maxHeadBytes) }

    /// Takes the next bytes of the connection.
    ///
    /// - Returns: `nil` if they did not end the head (all were taken); else the head, and how many of *these* bytes it took.
    /// - Throws: The first fault by position, whatever the cuts; the same one at every later call.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPError) -> (head: HTTPResponseHead, consumed: Int)? {
        if let failure { throw failure }
        do throws(HTTPError) {
            guard let (bytes, consumed) = try scanner.feed(bytes) else { return nil }
            return (try Self.parse(bytes), consumed)
        } catch {
            failure = error
            scanner = HTTPHeadScanner(limit: 1)
            throw error
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(HTTPError) -> HTTPResponseHead {
        var lines = HTTPHeadLines(bytes)
        guard let line = lines.next() else { throw HTTPError(.badStatusLine) }
        let words = line.split(separator: ASCII.space, maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, words[1].count == 3, let status = ASCII.decimal(words[1]), 100...599 ~= status else {
            throw HTTPError(.badStatusLine)
        }
        let minorVersion = try HTTPVersion.minor(words[0])
        let headers = try lines.fields()
        let lengths = headers.count(of: "content-length")
        if headers.count(of: "transfer-encoding") > 0 {
            throw HTTPError(lengths > 0 ? .ambiguousLength : .unknownTransferCoding)
        }
        guard lengths <= 1 else { throw HTTPError(.duplicateContentLength) }
        var length: Int?
        if let digits = headers.bytes(of: "content-length") {
            length = ASCII.decimal(digits)
            guard length != nil else { throw HTTPError(.badContentLength) }
        }
        if status < 200 || status == 204 || status == 304 { length = 0 }
        return HTTPResponseHead(status: status, minorVersion: minorVersion, headers: headers, contentLength: length)
    }
}
