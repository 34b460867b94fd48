// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire
import Testing

@Suite("Writing answers and requests, reading answers")
struct HTTPResponseTests {
    @Test("an answer has its length and says whether the connection stays")
    func plain() {
        let body = Array("no\n".utf8)
        let written = HTTPResponse.encode(
            status: 503,
            headers: [("Retry-After", "2")],
            body: body,
            keepAlive: false
        )
        let expected =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n"
        #expect(String(decoding: written, as: UTF8.self) == expected)
        let toHead = HTTPResponse.encode(status: 200, body: body, keepAlive: true, isHead: true)
        let expectedToHead = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n"
        #expect(String(decoding: toHead, as: UTF8.self) == expectedToHead)
    }

    @Test("an answer that has no body is written without one", arguments: [100, 204, 304])
    func bodiless(status: Int) throws {
        let written = HTTPResponse.encode(status: status, body: [1, 2], keepAlive: true)
        #expect(!String(decoding: written, as: UTF8.self).contains("Content-Length"))
        let (head, consumed) = try #require(try read(written))
        #expect(head.contentLength == 0)
        #expect(consumed == written.count)
    }

    @Test("no value starts a line of its own, and no name that is none is written")
    func splitting() {
        let headers = [("X", "a\r\nSet-Cookie: b\0\u{7F}"), ("Y: z\r\nZ", "c"), ("", "d")]
        let written = HTTPResponse.encode(status: 204, headers: headers, keepAlive: true)
        let expected = "HTTP/1.1 204 No Content\r\nX: a  Set-Cookie: b  \r\nConnection: keep-alive\r\n\r\n"
        #expect(String(decoding: written, as: UTF8.self) == expected)
    }

    @Test(
        "each status that is sent has its words",
        arguments: [101, 200, 400, 403, 404, 405, 413, 426, 431, 501, 503, 505]
    )
    func reasons(status: Int) {
        #expect(!HTTPResponse.reason(status).isEmpty)
    }

    @Test("a request has its host first and its length if it has a body")
    func request() {
        let get = HTTPRequest.encode(target: "/a?b", host: "h:1", headers: [("Accept", "*/*")])
        #expect(String(decoding: get, as: UTF8.self) == "GET /a?b HTTP/1.1\r\nHost: h:1\r\nAccept: */*\r\n\r\n")
        let post = HTTPRequest.encode(method: "POST", target: "/", host: "h", body: [0x78])
        #expect(String(decoding: post, as: UTF8.self) == "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
        let odd = HTTPRequest.encode(method: "G T", target: "/ b\r\n", host: "h")
        #expect(String(decoding: odd, as: UTF8.self) == "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    }

    @Test("what is written as a request is read as the same")
    func requestRoundTrip() throws {
        let body = Array("hello".utf8)
        let bytes = HTTPRequest.encode(
            method: "PUT",
            target: "/x?y=%20",
            host: "[::1]:80",
            headers: [("A", "b")],
            body: body
        )
        var parser = HTTPRequestParser()
        let (head, consumed) = try #require(try bytes.withUnsafeBytes { try parser.feed($0) })
        #expect(head.method == "PUT")
        #expect(head.target == "/x?y=%20")
        #expect(head.contentLength == 5)
        #expect(Array(bytes[consumed...]) == body)
    }

    @Test(
        "heads of answers are read",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", 200, 12), ("HTTP/1.1 200 OK\r\n\r\n", 200, nil),
            ("HTTP/1.0 404 \r\n\r\n", 404, nil), ("HTTP/1.1 503\r\n\r\n", 503, nil),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, 0),
            ("HTTP/1.1 299 Not  so common\r\nContent-Length: 0\r\n\r\n", 299, 0),
        ] as [(String, Int, Int?)]
    )
    func heads(text: String, status: Int, length: Int?) throws {
        for pieces in [text.utf8.count, 1, 7] {
            let (head, consumed) = try #require(try read(Array((text + "body").utf8), pieces: pieces))
            #expect(head.status == status)
            #expect(head.contentLength == length)
            #expect(consumed == text.utf8.count)
        }
    }

    @Test(
        "heads that are malformed are refused",
        arguments: [
            ("HTTP/1.1 20 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 600 OK\r\n\r\n", .badStatusLine),
            ("HTTP/1.1  200 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1\r\n\r\n", .badStatusLine),
            ("HTTP/1.1 099 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 2x0 OK\r\n\r\n", .badStatusLine),
            ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion), ("ICY 200 OK\r\n\r\n", .badVersion),
            ("HTTP/1.1 200 OK\n\n", .bareLineFeed), ("HTTP/1.1 200 OK\r\nA\r\n\r\n", .badField),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .unknownTransferCoding),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .ambiguousLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .duplicateContentLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", .badContentLength),
            ("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 16_384))", .headTooLarge),
        ] as [(String, HTTPError.Code)]
    )
    func malformed(text: String, code: HTTPError.Code) {
        for pieces in [text.utf8.count, 1, 7] {
            #expect(throws: HTTPError(code)) { try read(Array(text.utf8), pieces: pieces) }
        }
    }

    /// Feeds bytes in pieces until they give a head.
    private func read(_ bytes: [UInt8], pieces: Int = .max) throws -> (head: HTTPResponseHead, consumed: Int)? {
        var parser = HTTPResponseParser()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + min(pieces, bytes.count))
            if let (head, consumed) = try Array(bytes[start..<end]).withUnsafeBytes({ try parser.feed($0) }) {
                return (head, start + consumed)
            }
            start = end
        }
        return nil
    }
}
