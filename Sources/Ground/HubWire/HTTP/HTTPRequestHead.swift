// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A request's first line and headers, with what they say about the connection and the body.
package struct HTTPRequestHead: Sendable, Equatable {
    /// The method, as it was sent: methods are case-sensitive.
    package var method: String
    /// The target, as it was sent.
    package var target: String
    /// The target's path, not unescaped and not normalised; `*` for the whole server.
    package var path: String
    /// What follows the first `?`, not unescaped; `nil` without one.
    package var query: String?
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    package var minorVersion: Int
    /// The header fields.
    package var headers: HTTPHeaders
    /// Whether the client expects the connection to stay open after the answer.
    package var keepAlive: Bool
    /// How many bytes of body follow; 0 for a chunked one.
    package var contentLength: Int
    /// Whether a body follows that tells its length piece by piece.
    package var isChunked: Bool

    /// A head that did not come from the wire, for tests.
    package init(
        method: String = "GET",
        target: String = "/",
        path: String = "/",
        query: String? = nil,
        minorVersion: Int = 1,
        headers: HTTPHeaders = HTTPHeaders(),
        keepAlive: Bool = true,
        contentLength: Int = 0,
        isChunked: Bool = false
    ) {
        self.method = method
        self.target = target
        self.path = path
        self.query = query
        self.minorVersion = minorVersion
        self.headers = headers
        self.keepAlive = keepAlive
        self.contentLength = contentLength
        self.isChunked = isChunked
    }

    /// Whether a body follows.
    package var hasBody: Bool { contentLength > 0 || isChunked }

    /// Whether the client waits for `100 Continue` before it sends the body.
    package var expectsContinue: Bool { minorVersion >= 1 && headers.hasToken("expect", "100-continue") }

    /// The query's `name=value` pairs, unescaped; those that cannot be unescaped are left out.
    package var queryItems: [(name: String, value: String)] {
        guard let query else { return [] }
        return query.utf8.split(separator: UInt8(ascii: "&")).compactMap { item in
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true),
                let value = parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            else { return nil }
            return (name, value)
        }
    }

    /// The first value of a query parameter, unescaped.
    package func queryValue(_ name: String) -> String? { queryItems.first { $0.name == name }?.value }
}
