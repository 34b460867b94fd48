// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What must hold of response heads: the answer is the same however they are cut, and what is written can be read.
package enum ResponseFuzzer {
    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        var first: Outcome?
        for sizes in FuzzCuts.plans(for: bytes) {
            let outcome = read(bytes, sizes: sizes)
            if let first {
                try FuzzFailure.require(outcome == first, "cut \(sizes.prefix(9)): \(outcome), whole: \(first)")
            } else {
                first = outcome
            }
        }
        if case .head(let head, _) = first { try check(head) }
    }

    private enum Outcome: Equatable {
        case head(HTTPResponseHead, end: Int)
        case refused(HTTPError)
        case unfinished
    }

    private static func read(_ bytes: UnsafeRawBufferPointer, sizes: [Int]) -> Outcome {
        var parser = HTTPResponseParser(maxHeadBytes: 1024)
        var offset = 0
        for size in sizes {
            do throws(HTTPError) {
                let piece = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + size)])
                if let (head, consumed) = try parser.feed(piece) { return .head(head, end: offset + consumed) }
            } catch {
                return .refused(error)
            }
            offset += size
        }
        return .unfinished
    }

    private static func check(_ head: HTTPResponseHead) throws(FuzzFailure) {
        try FuzzFailure.require(100...599 ~= head.status, "the status is one")
        try FuzzFailure.require((head.contentLength ?? 0) >= 0, "the length is not below zero")
        _ = try? WebSocketClientHandshake(key: []).check(head, digest: [])
        guard head.headers.count < HTTPHeaders.maxFields - 2 else { return }
        let own = head.headers.fields.filter { $0.name.lowercased() != "content-length" }
        let body: [UInt8] = [1, 2, 3]
        let written = HTTPResponse.encode(status: head.status, headers: own, body: body, keepAlive: true)
        var parser = HTTPResponseParser(maxHeadBytes: 8192)
        guard let (copy, consumed) = try? written.withUnsafeBytes({ try parser.feed($0) }) else {
            throw FuzzFailure("what was written is refused")
        }
        try FuzzFailure.require(copy.status == head.status, "the status is the same")
        try FuzzFailure.require(written.count - consumed == copy.contentLength ?? 0, "the length is the body's")
    }
}
