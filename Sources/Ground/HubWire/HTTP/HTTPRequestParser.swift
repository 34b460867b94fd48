// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Reads the heads of a connection's requests, refusing whatever two servers could read in two ways.
///
/// Hand it bytes as they come; between requests it holds no heap. It does not read bodies: the caller gives what follows
/// a head to an ``HTTPBodyDecoder`` before the next head. After an error the connection is to be closed: what follows
/// cannot be told from what came before.
package struct HTTPRequestParser: Sendable {
    private let takesChunked: Bool
    private var scanner: HTTPHeadScanner
    private var failure: HTTPError?

    /// A parser before the first request.
    ///
    /// - Parameter maxHeadBytes: The longest head, with the empty line that ends it; 1 byte to 1 MiB.
    /// - Parameter takesChunked: Whether a body may be chunked; any other transfer coding is refused in any case.
    package init(maxHeadBytes: Int = 16_384, takesChunked: Bool = false) {
        self.takesChunked = takesChunked
        scanner = HTTPHeadScanner(limit: maxHeadBytes)
    }

    /// Whether a head has begun and not ended.
    package var isMidHead: Bool { scanner.isMidHead }

    /// Takes the next bytes of the connection.
    ///
    /// - Returns: `nil` if they did not end the head (all were taken); else the head, and how many of *these* bytes it took.
    /// - Throws: The first fault by position, whatever the cuts; the same one at every later call.
    /// - Complexity: O(count); two allocations a head, and one for each text of more than 15 bytes.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPError) -> (head: HTTPRequestHead, consumed: Int)? {
        if let failure { throw failure }
        do throws(HTTPError) {
            guard let (bytes, consumed) = try scanner.feed(bytes) else { return nil }
            return (try Self.parse(bytes, takesChunked: takesChunked), consumed)
        } catch {
            failure = error
            scanner = HTTPHeadScanner(limit: 1)
            throw error
        }
    }

    private static func parse(_ bytes: [UInt8], takesChunked: Bool) throws(HTTPError) -> HTTPRequestHead {
        var lines = HTTPHeadLines(bytes)
        guard let line = lines.next() else { throw HTTPError(.badRequestLine) }
        let words = line.split(separator: ASCII.space, maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty else { throw HTTPError(.badRequestLine) }
        guard ASCIISet.token.containsAll(words[0]) else { throw HTTPError(.badMethod) }
        let minorVersion = try HTTPVersion.minor(words[2])
        let method = String(decoding: words[0], as: UTF8.self)
        let target = try HTTPTarget(words[1], method: method)
        let headers = try lines.fields()
        try checkHost(headers, minorVersion, target)
        let isChunked = try isChunked(headers, minorVersion, isTaken: takesChunked)
        let contentLength = isChunked ? 0 : try contentLength(headers)
        let stays = minorVersion == 1 || headers.hasToken("connection", "keep-alive")
        return HTTPRequestHead(
            method: method,
            target: String(decoding: words[1], as: UTF8.self),
            path: String(decoding: target.path, as: UTF8.self),
            query: target.query.map { String(decoding: $0, as: UTF8.self) },
            minorVersion: minorVersion,
            headers: headers,
            keepAlive: stays && !headers.hasToken("connection", "close"),
            contentLength: contentLength,
            isChunked: isChunked
        )
    }

    private static func checkHost(
        _ headers: HTTPHeaders,
        _ minorVersion: Int,
        _ target: HTTPTarget
    ) throws(HTTPError) {
        guard headers.count(of: "host") <= 1 else { throw HTTPError(.ambiguousHost) }
        guard let host = headers.bytes(of: "host") else {
            guard minorVersion == 0 else { throw HTTPError(.missingHost) }
            return
        }
        guard let authority = HTTPAuthority(host) else { throw HTTPError(.badHost) }
        guard target.agrees(with: authority) else { throw HTTPError(.ambiguousHost) }
    }

    /// Whether the body is chunked: by the one coding that there may be, named once and without a length beside it.
    private static func isChunked(
        _ headers: HTTPHeaders,
        _ minorVersion: Int,
        isTaken: Bool
    ) throws(HTTPError) -> Bool {
        guard let coding = headers.bytes(of: "transfer-encoding") else { return false }
        guard headers.count(of: "content-length") == 0, minorVersion > 0 else { throw HTTPError(.ambiguousLength) }
        guard isTaken, headers.count(of: "transfer-encoding") == 1,
            ASCII.equalIgnoringCase(coding, "chunked".utf8)
        else { throw HTTPError(.unknownTransferCoding) }
        return true
    }

    private static func contentLength(_ headers: HTTPHeaders) throws(HTTPError) -> Int {
        guard headers.count(of: "content-length") <= 1 else { throw HTTPError(.duplicateContentLength) }
        guard let digits = headers.bytes(of: "content-length") else { return 0 }
        guard let length = ASCII.decimal(digits) else { throw HTTPError(.badContentLength) }
        return length
    }
}
