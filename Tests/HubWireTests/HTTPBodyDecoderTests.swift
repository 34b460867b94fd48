// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubFuzz
import HubWire
import Testing

@Suite("Reading request bodies")
struct HTTPBodyDecoderTests {
    private static let chunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"

    @Test(
        "a chunked body is read, at every split",
        arguments: [
            ("0\r\n\r\n", ""), ("000\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
            ("1\r\nh\r\n4;a\r\nello\r\n0;b=\"c\"\r\n\r\n", "hello"), ("0000000000000001\r\nx\r\n0\r\n\r\n", "x"),
            ("A\r\n0123456789\r\na\r\n0123456789\r\n00\r\n\r\n", "01234567890123456789"),
            ("2\r\n\r\n\r\n0\r\nA: b\r\nC-D:\r\n\r\n", "\r\n"), ("1;\t\u{e4} \r\nx\r\n0\r\n\r\n", "x"),
        ]
    )
    func chunks(text: String, body: String) throws {
        // Another request behind it is found.
        let outcomes = try readInAllWays(Self.chunked + text + "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try #require(outcomes.count == 2)
        guard case .request(let head, let read, let end) = outcomes[0], case .request(let next, [], _) = outcomes[1]
        else {
            Issue.record("refused: \(outcomes)")
            return
        }
        #expect(head.isChunked && head.hasBody && head.contentLength == 0)
        #expect(String(decoding: read, as: UTF8.self) == body)
        #expect(end == (Self.chunked + text).utf8.count)
        #expect(next.method == "GET" && !next.hasBody)
    }

    @Test(
        "a chunked body that can be read in two ways is refused, at every split",
        arguments: [
            ("\r\n", .badChunkSize), (" 5\r\nhello\r\n", .badChunkSize), ("5 \r\nhello\r\n", .badChunkSize),
            ("0x5\r\n", .badChunkSize), ("+5\r\n", .badChunkSize), ("-5\r\n", .badChunkSize), ("5\n", .badChunkSize),
            ("5\rhello", .badChunkSize), ("5_0\r\n", .badChunkSize), (";a\r\n", .badChunkSize),
            ("00000000000000000\r\n\r\n", .badChunkSize), ("5\u{0}\r\n", .badChunkSize),
            ("ffffffffffffffff\r\n", .tooLarge), ("101\r\n", .tooLarge), ("1\r\nx\r\n100\r\n", .tooLarge),
            ("5\r\nhell\r\n0\r\n\r\n", .badChunkEnd), ("5\r\nhello0\r\n\r\n", .badChunkEnd),
            ("5\r\nhello\n0\r\n", .badChunkEnd), ("5\r\nhello\rx", .badChunkEnd),
            ("5;a\nhello\r\n", .badChunkExtension), ("5;a\u{0}\r\n", .badChunkExtension),
            ("5;a\rb", .badChunkSize), ("0\r\n a: b\r\n\r\n", .badTrailer),
            ("0\r\nGET / HTTP/1.1\r\n\r\n", .badTrailer),
            ("0\r\na : b\r\n\r\n", .badTrailer), ("0\r\na\r\n\r\n", .badTrailer), ("0\r\na: b\n\r\n", .badTrailer),
            ("0\r\n\n", .badTrailer), ("0\r\n\rx", .badTrailer), ("0\r\na: b\r\n c\r\n\r\n", .badTrailer),
            ("0\r\n:\r\n\r\n", .badTrailer),
        ] as [(String, HTTPBodyError.Code)]
    )
    func refused(text: String, code: HTTPBodyError.Code) throws {
        #expect(try readInAllWays(Self.chunked + text) == [.refusedBody(HTTPBodyError(code))])
    }

    @Test("a length is read to its last byte and not further")
    func length() throws {
        let start = "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        let outcomes = try readInAllWays(start + "hello" + start + "again")
        let bodies = outcomes.map { outcome -> String in
            guard case .request(_, let body, _) = outcome else { return "refused" }
            return String(decoding: body, as: UTF8.self)
        }
        #expect(bodies == ["hello", "again"])
    }

    @Test("a body may have just as many bytes as the limit, whichever way its length is told", arguments: [0, 1, 100])
    func limit(limit: Int) {
        let body = String(repeating: "x", count: limit)
        let one = [
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(limit)\r\n\r\n\(body)",
            Self.chunked + (limit == 0 ? "" : "\(String(limit, radix: 16))\r\n\(body)\r\n") + "0\r\n\r\n",
        ]
        for text in one {
            let outcomes = outcomes(text, limit: limit)
            guard case .request(_, let read, _)? = outcomes.first else {
                Issue.record("refused: \(outcomes)")
                continue
            }
            #expect(read.count == limit)
            guard limit > 0 else { continue }
            #expect(self.outcomes(text, limit: limit - 1) == [.refusedBody(HTTPBodyError(.tooLarge))])
        }
    }

    @Test("extensions and trailers are bounded, however they are spread")
    func bounds() {
        let one = "1;" + String(repeating: "a", count: 99) + "\r\nx\r\n"
        func extensions(_ count: Int) -> String { Self.chunked + String(repeating: one, count: count) + "0\r\n\r\n" }
        guard case .request(_, let body, _)? = outcomes(extensions(40)).first else {
            Issue.record("forty are too many")
            return
        }
        #expect(body.count == 40)
        #expect(outcomes(extensions(41)) == [.refusedBody(HTTPBodyError(.extensionsTooLarge))])

        func trailers(_ count: Int) -> String {
            Self.chunked + "0\r\n" + String(repeating: "a: b\r\n", count: count) + "\r\n"
        }
        #expect(outcomes(trailers(682)).count == 1)
        guard case .request? = outcomes(trailers(682)).first else {
            Issue.record("4094 bytes are too many")
            return
        }
        #expect(outcomes(trailers(683)) == [.refusedBody(HTTPBodyError(.trailersTooLarge))])
    }

    @Test("a decoder that failed fails ever after, and keeps nothing of what follows")
    func staysFailed() {
        var decoder = HTTPBodyDecoder(HTTPRequestHead(isChunked: true), limit: 10)
        var body: [UInt8] = []
        for text in ["x", "1\r\nx\r\n0\r\n\r\n", ""] {
            #expect(throws: HTTPBodyError(.badChunkSize)) {
                try Array(text.utf8).withUnsafeBytes { _ = try decoder.feed($0, into: &body) }
            }
        }
        #expect(body.isEmpty)
        #expect(!decoder.isWhole)
    }

    @Test("no body is whole at once", arguments: [0, -1])
    func none(limit: Int) {
        #expect(HTTPBodyDecoder(HTTPRequestHead(), limit: limit).isWhole)
        #expect(!HTTPBodyDecoder(HTTPRequestHead(contentLength: 1), limit: limit).isWhole)
    }

    @Test(
        "one coding is taken, named once, and not by a parser that takes none",
        arguments: [
            ("Transfer-Encoding: chunked\r\n", nil), ("Transfer-Encoding:CHUNKED \r\n", nil),
            ("Transfer-Encoding: gzip, chunked\r\n", .unknownTransferCoding),
            ("Transfer-Encoding: chunked, chunked\r\n", .unknownTransferCoding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .unknownTransferCoding),
            ("Transfer-Encoding: identity\r\n", .unknownTransferCoding),
            ("Transfer-Encoding: chunked;q=1\r\n", .unknownTransferCoding),
            ("Transfer-Encoding:\r\n", .unknownTransferCoding),
            ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", .ambiguousLength),
        ] as [(String, HTTPError.Code?)]
    )
    func codings(field: String, code: HTTPError.Code?) throws {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n".utf8)
        for takesChunked in [false, true] {
            var parser = HTTPRequestParser(takesChunked: takesChunked)
            let expected = code ?? (takesChunked ? nil : .unknownTransferCoding)
            do {
                let read = try head.withUnsafeBytes { try parser.feed($0) }
                #expect(expected == nil && read?.head.isChunked == true)
            } catch {
                #expect((error as? HTTPError)?.code == expected)
            }
        }
        let old = outcomes("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(old == [.refusedHead(HTTPError(.ambiguousLength))])
    }

    @Test("each error has its status", arguments: HTTPBodyError.Code.allCases)
    func statuses(code: HTTPBodyError.Code) {
        #expect(HTTPBodyError(code).status == (code == .tooLarge ? 413 : 400))
        #expect(!HTTPBodyError(code).message.isEmpty)
    }

    private func outcomes(_ text: String, limit: Int = BodyFuzzer.limit) -> [BodyFuzzer.Outcome] {
        Array(text.utf8).withUnsafeBytes { BodyFuzzer.read($0, sizes: [$0.count], limit: limit) }
    }

    /// The requests of a connection, read in one piece, byte by byte, and cut at each place.
    private func readInAllWays(_ text: String) throws -> [BodyFuzzer.Outcome] {
        let bytes = Array(text.utf8)
        let whole = outcomes(text)
        for sizes in [Array(repeating: 1, count: bytes.count)] + (1..<bytes.count).map({ [$0, bytes.count - $0] }) {
            let cut = bytes.withUnsafeBytes { BodyFuzzer.read($0, sizes: sizes) }
            try FuzzFailure.require(cut == whole, "cut \(sizes.prefix(2)): \(cut), whole: \(whole)")
        }
        return whole
    }
}
