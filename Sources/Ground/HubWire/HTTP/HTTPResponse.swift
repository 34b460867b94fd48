// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes a server's answers.
package enum HTTPResponse {
    /// What a client that asked for it waits for before it sends a body.
    package static let goOn = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// An answer's bytes.
    ///
    /// `Content-Length` and `Connection` are written here, but for 101, whose headers are all the caller's; 1xx, 204 and
    /// 304 have no body. A control character in a header's value is written as a space, so that a value cannot start a line;
    /// a header whose name is not a token is left out.
    ///
    /// - Parameter keepAlive: Whether the connection stays open behind it.
    /// - Parameter isHead: Whether it answers HEAD: the length of `body` is told, the body is not sent.
    package static func encode(
        status: Int,
        headers: [(String, String)] = [],
        body: [UInt8] = [],
        keepAlive: Bool,
        isHead: Bool = false
    ) -> [UInt8] {
        let hasBody = status >= 200 && status != 204 && status != 304
        var output: [UInt8] = []
        output.reserveCapacity(128 + headers.count * 48 + (isHead ? 0 : body.count))
        output.append(contentsOf: "HTTP/1.1 \(status) \(reason(status))\r\n".utf8)
        for (name, value) in headers { HTTPFieldWriter.append(name, value, to: &output) }
        if hasBody { HTTPFieldWriter.append("Content-Length", String(body.count), to: &output) }
        if status != 101 { HTTPFieldWriter.append("Connection", keepAlive ? "keep-alive" : "close", to: &output) }
        output.append(contentsOf: "\r\n".utf8)
        if hasBody, !isHead { output.append(contentsOf: body) }
        return output
    }

    /// The words that go with a status; empty for one that the hub does not send.
    package static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}

/// Writes header lines that cannot be mistaken for more than one.
enum HTTPFieldWriter {
    static func append(_ name: String, _ value: String, to output: inout [UInt8]) {
        guard ASCIISet.token.containsAll(name.utf8) else { return }
        output.append(contentsOf: name.utf8)
        output.append(contentsOf: ": ".utf8)
        for byte in value.utf8 { output.append(byte < ASCII.space || byte == ASCII.delete ? ASCII.space : byte) }
        output.append(contentsOf: "\r\n".utf8)
    }
}
