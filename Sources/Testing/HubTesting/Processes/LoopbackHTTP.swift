// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Asks a server on this machine over HTTP/1.0, for fixtures: a request, an answer, the connection's end.
package enum LoopbackHTTP {
    package struct Reply: Sendable {
        package let status: Int
        /// Names in lower case.
        package let headers: [String: String]
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// - Parameter path: With its query, percent-encoded already.
    /// - Throws: ``FileFault`` when it cannot be reached, ``ProcessFault`` when the answer is no HTTP.
    package static func get(
        port: Int,
        _ path: String,
        headers: [(name: String, value: String)] = [],
        within limit: Duration = .seconds(10)
    ) async throws -> Reply {
        try await Blocking.run {
            let deadline = ContinuousClock.now + limit
            let socket = try LoopbackSocket.connect(port: port)
            let fields = ([("Host", "127.0.0.1:\(port)")] + headers).map { "\($0): \($1)\r\n" }.joined()
            try socket.write(Array("GET \(path) HTTP/1.0\r\n\(fields)\r\n".utf8), until: deadline)
            return try parse(socket.read(until: deadline))
        }
    }

    /// Whether the server answers 200 at this path; false while nobody listens.
    package static func isOK(port: Int, _ path: String) async -> Bool {
        (try? await get(port: port, path))?.status == 200
    }

    /// Percent-encodes all but letters, digits and `-._~`.
    package static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result.append("%")
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
    }

    static let headEnd = Array("\r\n\r\n".utf8)

    /// Where the head ends, its empty line included; nil while it is not complete.
    static func headCount(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= headEnd.count else { return nil }
        return (headEnd.count...bytes.count).first { bytes[($0 - headEnd.count)..<$0].elementsEqual(headEnd) }
    }

    static func fields(of head: some Collection<UInt8>) -> (first: String, headers: [String: String]) {
        // By scalars, as CR LF is one character.
        let lines = String(decoding: head, as: UTF8.self).unicodeScalars.split(separator: "\n").map { line in
            String(String.UnicodeScalarView(line.filter { $0 != "\r" }))
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        return (lines.first ?? "", headers)
    }

    private static func parse(_ bytes: [UInt8]) throws(ProcessFault) -> Reply {
        guard let end = headCount(of: bytes) else {
            throw ProcessFault(.badReply, "no HTTP: \(String(decoding: bytes.prefix(200), as: UTF8.self))")
        }
        let (first, headers) = fields(of: bytes[..<end])
        let words = first.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw ProcessFault(.badReply, "no HTTP: \(first)")
        }
        let body = Array(bytes[end...])
        if let length = headers["content-length"], Int(length) != body.count {
            throw ProcessFault(.badReply, "\(body.count) bytes of \(length) arrived")
        }
        return Reply(status: status, headers: headers, body: body)
    }
}
