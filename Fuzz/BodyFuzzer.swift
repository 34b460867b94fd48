// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// What must hold of requests with bodies: the answer is the same however they are cut, no body is above the limit, and
/// one that is written back in chunks is read as the same body.
package enum BodyFuzzer {
    /// Small, so that inputs reach it.
    package static let limit = 256

    /// What became of a connection's bytes.
    package enum Outcome: Equatable {
        /// A request, and where its last byte lies.
        case request(HTTPRequestHead, body: [UInt8], end: Int)
        case refusedHead(HTTPError)
        case refusedBody(HTTPBodyError)
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
        for case .request(let head, let body, _) in first ?? [] { try check(head, body) }
    }

    /// Reads all requests of a connection whose bytes come in pieces of these sizes.
    package static func read(_ bytes: UnsafeRawBufferPointer, sizes: [Int], limit: Int = limit) -> [Outcome] {
        var parser = HTTPRequestParser(maxHeadBytes: HeadFuzzer.maxHeadBytes, takesChunked: true)
        var current: (head: HTTPRequestHead, decoder: HTTPBodyDecoder, body: [UInt8])?
        var outcomes: [Outcome] = []
        var (end, offset) = (0, 0)
        for size in sizes {
            end += size
            while offset < end {
                let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
                if let (head, before, bytesBefore) = current {
                    var (decoder, body) = (before, bytesBefore)
                    do throws(HTTPBodyError) {
                        offset += try decoder.feed(piece, into: &body)
                    } catch {
                        return outcomes + [.refusedBody(error)]
                    }
                    current = (head, decoder, body)
                } else {
                    do throws(HTTPError) {
                        guard let (head, consumed) = try parser.feed(piece) else {
                            offset = end
                            continue
                        }
                        offset += consumed
                        current = (head, HTTPBodyDecoder(head, limit: limit), [])
                    } catch {
                        return outcomes + [.refusedHead(error)]
                    }
                }
                if let (head, decoder, body) = current, decoder.isWhole {
                    outcomes.append(.request(head, body: body, end: offset))
                    current = nil
                }
            }
        }
        return outcomes
    }

    private static func check(_ head: HTTPRequestHead, _ body: [UInt8]) throws(FuzzFailure) {
        try FuzzFailure.require(body.count <= limit, "no body is above the limit")
        try FuzzFailure.require(head.isChunked || body.count == head.contentLength, "a body is as long as announced")
        var chunks = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        var (start, size) = (0, 1)
        while start < body.count {
            let chunk = body[start..<min(body.count, start + size)]
            chunks += "\(String(chunk.count, radix: 16));n=v\r\n".utf8 + chunk + "\r\n".utf8
            (start, size) = (chunk.endIndex, size * 2 + 1)
        }
        chunks += "0\r\nA: b\r\n\r\n".utf8
        let again = chunks.withUnsafeBytes { read($0, sizes: [$0.count]) }
        guard case .request(_, body, end: chunks.count)? = again.first else {
            throw FuzzFailure("what was read and written in chunks is not the same: \(again)")
        }
    }
}
