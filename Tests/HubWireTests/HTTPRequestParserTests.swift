// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

@Suite("Reading request heads")
struct HTTPRequestParserTests {
    @Test("a plain request is read, at every split")
    func plain() throws {
        let text =
            "GET /metrics?name=a%20b&x HTTP/1.1\r\nHost: Hub.Example.org:8080\r\nX-Note:\t one,  two \t\r\nx-note:\r\n\r\n"
        let head = try #require(readInAllWays(text).first)
        #expect(head.method == "GET")
        #expect(head.target == "/metrics?name=a%20b&x")
        #expect(head.path == "/metrics")
        #expect(head.query == "name=a%20b&x")
        #expect(head.minorVersion == 1)
        #expect(head.keepAlive)
        #expect(head.contentLength == 0)
        #expect(!head.expectsContinue)
        #expect(head.headers["HOST"] == "Hub.Example.org:8080")
        #expect(head.headers.values("X-Note") == ["one,  two", ""])
        #expect(head.headers.tokens("x-note") == ["one", "two"])
        #expect(head.headers["x-not"] == nil)
        #expect(head.headers.fields.map(\.name) == ["Host", "X-Note", "x-note"])
        #expect(head.headers.count == 3)
    }

    @Test(
        "targets are split into path and query",
        arguments: [
            ("GET", "/", "/", nil), ("GET", "/?", "/", ""), ("GET", "/a?b?c", "/a", "b?c"),
            ("GET", "//a/../b;c=d", "//a/../b;c=d", nil), ("GET", "/%41%2f", "/%41%2f", nil),
            ("GET", "/a?q={\"x\"}", nil, nil), ("GET", "/a?q={x}|[y]^`\\", "/a", "q={x}|[y]^`\\"),
            ("OPTIONS", "*", "*", nil), ("GET", "http://a/", "/", nil), ("GET", "http://a", "/", nil),
            ("GET", "HTTP://A?x", "/", "x"), ("GET", "https://a/b?c", "/b", "c"), ("PATCH", "/a|b[c]", "/a|b[c]", nil),
            ("GET", "/a{b", nil, nil), ("GET", "/<", nil, nil), ("GET", "/?<", nil, nil), ("GET", "/?a#b", nil, nil),
            ("OPTIONS", "**", nil, nil), ("GET", "http://", nil, nil), ("GET", "http:///a", nil, nil),
            ("GET", "http:/a", nil, nil), ("GET", "http://a:b/", nil, nil), ("GET", "//", "//", nil),
            ("GET", "?a", nil, nil), ("GET", "/%", nil, nil), ("GET", "/?%0", nil, nil), ("GET", "/?%00", nil, nil),
        ] as [(String, String, String?, String?)]
    )
    func targets(method: String, target: String, path: String?, query: String?) throws {
        let outcomes = outcomes("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        guard let path else {
            #expect(outcomes == [.refused(HTTPError(.badTarget))])
            return
        }
        guard case .head(let head, _)? = outcomes.first else {
            Issue.record("refused: \(outcomes)")
            return
        }
        #expect(head.target == target)
        #expect(head.path == path)
        #expect(head.query == query)
    }

    @Test(
        "hosts are checked",
        arguments: [
            ("a", true), ("a:0", true), ("a:65535", true), ("1.2.3.4:80", true), ("[::1]", true), ("[::1]:80", true),
            ("[::ffff:1.2.3.4]", true), ("a_b.example-1.org.", true), ("a:", false), (":80", false), ("a:+1", false),
            ("a:000080", false), ("[::1", false), ("[]", false), ("[a]", false), ("[::1]80", false), ("::1", false),
            ("a b", false), ("a%41", false), ("a/b", false), ("a@b", false), ("a,b", false), ("ä", false),
        ]
    )
    func hosts(host: String, isAccepted: Bool) {
        let outcomes = outcomes("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        if isAccepted {
            guard case .head? = outcomes.first else {
                Issue.record("refused: \(outcomes)")
                return
            }
        } else {
            #expect(outcomes == [.refused(HTTPError(.badHost))])
        }
    }

    @Test(
        "the connection stays open as version and headers say",
        arguments: [
            (1, nil, true), (1, "keep-alive", true), (1, "close", false), (1, "Upgrade, CLOSE", false), (0, nil, false),
            (0, "Keep-Alive", true), (0, "keep-alive, close", false), (1, "closed", true), (1, ",, ,", true),
        ] as [(Int, String?, Bool)]
    )
    func keepAlive(minorVersion: Int, connection: String?, keepAlive: Bool) throws {
        let field = connection.map { "Connection: \($0)\r\n" } ?? ""
        let head = try #require(readInAllWays("GET / HTTP/1.\(minorVersion)\r\nHost: a\r\n\(field)\r\n").first)
        #expect(head.keepAlive == keepAlive)
        #expect(head.minorVersion == minorVersion)
    }

    @Test(
        "an absolute target and Host have to name the same server, the port of the scheme written or not",
        arguments: [
            ("http://example.org/", "example.org:80", true), ("http://example.org:80/", "example.org", true),
            ("https://example.org:443/", "Example.org", true), ("http://example.org:8080/", "example.org:8080", true),
            ("http://example.org/", "example.org:443", false), ("https://example.org/", "example.org:80", false),
            ("http://example.org/", "example.net", false),
        ]
    )
    func absoluteTarget(target: String, host: String, isAllowed: Bool) {
        let outcomes = outcomes("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect((outcomes == [.refused(HTTPError(.ambiguousHost))]) == !isAllowed)
    }

    @Test("HTTP/1.0 needs no host")
    func oldWithoutHost() throws {
        let head = try #require(readInAllWays("GET / HTTP/1.0\r\n\r\n").first)
        #expect(head.headers["host"] == nil)
    }

    @Test("requests in a row are read, bodies between them left to the caller")
    func pipelined() throws {
        let text = """
            POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\nExpect: 100-Continue\r\n\r\nGET /\
            \r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n\
            GET /c HTTP/1.0\r\n\r\n
            """
        let heads = try readInAllWays(text)
        #expect(heads.map(\.method) == ["POST", "GET", "GET"])
        #expect(heads.map(\.path) == ["/a", "/b", "/c"])
        #expect(heads.map(\.contentLength) == [5, 0, 0])
        #expect(heads.map(\.expectsContinue) == [true, false, false])
    }

    @Test("a head may have just as many bytes as the limit, and fails at the first one more")
    func limit() throws {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let count = text.utf8.count
        #expect(outcomes(text, maxHeadBytes: count).count == 1)
        #expect(outcomes(text, maxHeadBytes: count - 1) == [.refused(HTTPError(.headTooLarge))])
        // Without its end, a head of the limit's size can only fail: no need to wait.
        #expect(
            outcomes(String(text.dropLast()) + "x", maxHeadBytes: count - 1) == [.refused(HTTPError(.headTooLarge))]
        )
        var parser = HTTPRequestParser()
        let long = [UInt8](repeating: 0x61, count: 16_384)
        #expect(throws: HTTPError(.headTooLarge)) { try long.withUnsafeBytes { _ = try parser.feed($0) } }
    }

    @Test("a head may have as many fields as the limit, and not more")
    func fieldLimit() throws {
        let fields = { (count: Int) in String(repeating: "a:b\r\n", count: count) }
        let start = "GET / HTTP/1.1\r\nHost: a\r\n"
        let head = try #require(readInAllWays(start + fields(127) + "\r\n").first)
        #expect(head.headers.count == 128)
        #expect(outcomes(start + fields(128) + "\r\n") == [.refused(HTTPError(.tooManyFields))])
    }

    @Test("a parser that failed fails ever after")
    func staysFailed() {
        var parser = HTTPRequestParser()
        for text in ["GET /\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""] {
            #expect(throws: HTTPError(.bareLineFeed)) {
                try Array(text.utf8).withUnsafeBytes { _ = try parser.feed($0) }
            }
        }
    }

    @Test("a parser knows whether it is in the middle of a head")
    func isMidHead() throws {
        var parser = HTTPRequestParser()
        #expect(!parser.isMidHead)
        _ = try Array("GET / HTTP/1.1\r\n".utf8).withUnsafeBytes { try parser.feed($0) }
        #expect(parser.isMidHead)
        _ = try Array("Host: a\r\n\r\n".utf8).withUnsafeBytes { try parser.feed($0) }
        #expect(!parser.isMidHead)
    }

    @Test("bytes that are not UTF-8 may stand in a value, and come as U+FFFD")
    func opaqueBytes() throws {
        var bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8)
        bytes += [0xFF, 0x0D, 0x0A, 0x0D, 0x0A]
        let outcomes = bytes.withUnsafeBytes { HeadFuzzer.read($0, sizes: [bytes.count]) }
        guard case .head(let head, _)? = outcomes.first else {
            Issue.record("refused: \(outcomes)")
            return
        }
        #expect(head.headers["x"] == "\u{FFFD}")
    }

    @Test("each error has its status", arguments: HTTPError.Code.allCases)
    func statuses(code: HTTPError.Code) {
        let error = HTTPError(code)
        #expect([400, 431, 501, 505].contains(error.status))
        #expect(!error.message.isEmpty)
    }

    private func outcomes(_ text: String, maxHeadBytes: Int = 16_384) -> [HeadFuzzer.Outcome] {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { HeadFuzzer.read($0, sizes: [$0.count], maxHeadBytes: maxHeadBytes) }
    }

    /// The heads of a connection, read in one piece, byte by byte, and cut at each place.
    private func readInAllWays(_ text: String) throws -> [HTTPRequestHead] {
        let bytes = Array(text.utf8)
        let whole = outcomes(text)
        var plans = [Array(repeating: 1, count: bytes.count)]
        plans += (1..<bytes.count).map { [$0, bytes.count - $0] }
        for sizes in plans {
            let cut = bytes.withUnsafeBytes { HeadFuzzer.read($0, sizes: sizes, maxHeadBytes: 16_384) }
            try FuzzFailure.require(cut == whole, "cut \(sizes.prefix(2)): \(cut), whole: \(whole)")
        }
        return try whole.map {
            guard case .head(let head, _) = $0 else { throw FuzzFailure("refused: \($0)") }
            return head
        }
    }
}
