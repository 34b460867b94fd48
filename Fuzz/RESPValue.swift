// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubRedis

/// A reply of Redis with bytes of its own, kept so that two readings can be compared.
package indirect enum RESPValue: Equatable, Sendable {
    case simple([UInt8])
    case error([UInt8])
    case bulk([UInt8])
    case integer(Int64)
    case array([RESPValue])
    case null

    /// Copies a reply.
    package init(_ reply: RESPReply) {
        switch reply.kind {
        case .simple: self = .simple(Array(reply.bytes))
        case .error: self = .error(Array(reply.bytes))
        case .bulk: self = .bulk(Array(reply.bytes))
        case .integer: self = .integer(reply.integer ?? 0)
        case .null: self = .null
        case .array:
            var values: [RESPValue] = []
            for index in 0..<reply.count {
                if let value = reply[index] { values.append(RESPValue(value)) }
            }
            self = .array(values)
        }
    }

    /// A string of bytes.
    package static func text(_ text: String) -> RESPValue { .bulk(Array(text.utf8)) }

    /// What it counts for the limit of a reader.
    package var cost: Int {
        switch self {
        case .simple(let bytes), .error(let bytes), .bulk(let bytes): 96 + bytes.count
        case .integer, .null: 96
        case .array(let values): values.reduce(96) { $0 + $1.cost }
        }
    }

    /// The value as a server sends it.
    package var encoded: [UInt8] {
        switch self {
        case .simple(let bytes): Array("+".utf8) + bytes + Array("\r\n".utf8)
        case .error(let bytes): Array("-".utf8) + bytes + Array("\r\n".utf8)
        case .bulk(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n".utf8)
        case .integer(let number): Array(":\(number)\r\n".utf8)
        case .null: Array("$-1\r\n".utf8)
        case .array(let values): Array("*\(values.count)\r\n".utf8) + values.flatMap(\.encoded)
        }
    }
}

/// All that a reader finds in a connection's bytes.
package struct RESPTranscript: Equatable, Sendable {
    /// The replies in their order.
    package var values: [RESPValue] = []
    /// What ended the reading.
    package var failure: RedisError?
    /// Whether a reply was begun when the bytes ended.
    package var isMidReply = false

    /// Reads bytes that come in pieces of these sizes.
    ///
    /// - Throws: What does not hold of a reader at any time.
    package static func read(
        _ bytes: UnsafeRawBufferPointer,
        sizes: [Int],
        limit: Int
    ) throws(FuzzFailure) -> RESPTranscript {
        let reader = RESPReader(limit: limit)
        var transcript = RESPTranscript()
        var start = 0
        for size in sizes where transcript.failure == nil {
            // Memory of its own for each piece, so that a pointer kept too long is found.
            let piece = Array(bytes[start..<(start + size)])
            start += size
            var values: [RESPValue] = []
            var failure: RedisError?
            piece.withUnsafeBytes { piece in
                var offset = 0
                do throws(RedisError) {
                    while try reader.next(in: piece, at: &offset, { values.append(RESPValue($0)) }) {}
                } catch {
                    failure = error
                }
            }
            transcript.values += values
            transcript.failure = failure
            try FuzzFailure.require(reader.heldBytes <= start, "no more is held than came")
            try FuzzFailure.require(reader.isMidReply || reader.heldBytes == 0, "nothing is held between replies")
        }
        transcript.isMidReply = transcript.failure == nil && reader.isMidReply
        if let failure = transcript.failure {
            var (offset, again) = (0, RedisError?.none)
            do throws(RedisError) { _ = try reader.next(in: bytes, at: &offset) { _ in } } catch { again = error }
            try FuzzFailure.require(again == failure, "a reader that failed fails ever after")
        }
        return transcript
    }
}
