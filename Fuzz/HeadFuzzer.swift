// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// What must hold of request heads: the answer is the same however they are cut, and a head that is written back is read
/// as the same head.
package enum HeadFuzzer {
    /// Small, so that inputs reach it.
    package static let maxHeadBytes = 1024

    /// What became of a connection's bytes.
    package enum Outcome: Equatable {
        /// A head, and where its last byte lies.
        case head(HTTPRequestHead, end: Int)
        /// The fault that ended the connection.
        case refused(HTTPError)
    }

    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        var first: [Outcome]?
        for sizes in FuzzCuts.plans(for: bytes) {
            let outcomes = read(bytes, sizes: sizes)
            if let first {
                try FuzzFailure.require(outcomes == first, "cut \(sizes.prefix(9)): \(outcomes), whole: \(first)")
            } else {
                first = outcomes
            }
        }
        for case .head(let head, _) in first ?? [] { try check(head) }
    }

    /// Reads all heads of a connection whose bytes come in pieces of these sizes; bodies are skipped.
    package static func read(
        _ bytes: UnsafeRawBufferPointer,
        sizes: [Int],
        maxHeadBytes: Int = maxHeadBytes
    ) -> [Outcome] {
        var parser = HTTPRequestParser(maxHeadBytes: maxHeadBytes)
        var outcomes: [Outcome] = []
        var (end, offset, body) = (0, 0, 0)
        for size in sizes {
            end += size
            while offset < end {
                if body > 0 {
                    let skipped = min(body, end - offset)
                    (offset, body) = (offset + skipped, body - skipped)
                    continue
                }
                do throws(HTTPError) {
                    let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
                    guard let (head, consumed) = try parser.feed(piece) else {
                        offset = end
                        continue
                    }
                    offset += consumed
                    body = head.contentLength
                    outcomes.append(.head(head, end: offset))
                } catch {
                    return outcomes + [.refused(error)]
                }
            }
        }
        return outcomes
    }

    private static func check(_ head: HTTPRequestHead) throws(FuzzFailure) {
        try FuzzFailure.require(head.contentLength >= 0, "the length is not below zero")
        try FuzzFailure.require(head.headers.fields.count == head.headers.count, "all fields are told")
        _ = head.queryItems
        _ = head.expectsContinue
        if let path = PercentEncoding.decode(head.path) {
            let encoded = PercentEncoding.encode(path)
            try FuzzFailure.require(PercentEncoding.decode(encoded) == path, "an escaped path is unescaped to itself")
        }
        let host = head.headers["host"]
        let policy = OriginPolicy()
        _ = policy.allows(origin: head.headers["origin"], host: host)
        if let host {
            try FuzzFailure.require(policy.allows(origin: "http://" + host, host: host), "the same host is allowed")
        }
        if let handshake = try? WebSocketHandshake.parse(head) {
            try FuzzFailure.require(Base64.decode(handshake.key)?.count == 16, "a key has 16 bytes")
        }
        try checkWritten(head)
    }

    /// Writes the head in the plainest way and reads it again.
    private static func checkWritten(_ head: HTTPRequestHead) throws(FuzzFailure) {
        let fields = head.headers.fields
        guard fields.allSatisfy({ !$0.value.unicodeScalars.contains("\u{FFFD}") }) else { return }
        var text = "\(head.method) \(head.target) HTTP/1.\(head.minorVersion)\r\n"
        for (name, value) in fields { text += "\(name):\(value)\r\n" }
        let bytes = Array((text + "\r\n").utf8)
        let again = bytes.withUnsafeBytes { read($0, sizes: [$0.count]) }
        guard case .head(let copy, end: bytes.count)? = again.first else {
            throw FuzzFailure("what was read and written is refused: \(again)")
        }
        try FuzzFailure.require(copy == head, "what was read and written is the same: \(copy), \(head)")
    }
}
