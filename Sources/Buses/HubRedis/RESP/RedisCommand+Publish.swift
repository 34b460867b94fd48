// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

internal import HubBus

/// The commands that publish a message to a channel.
package enum PublishCommand: CaseIterable, Sendable {
    /// `PUBLISH`, to all of a server's channels, and to those of a whole cluster.
    case publish
    /// `SPUBLISH`, to a channel that a cluster keeps on one shard.
    case shardPublish

    /// How the command begins, up to the length of its channel.
    fileprivate var start: StaticString {
        switch self {
        case .publish: "*3\r\n$7\r\nPUBLISH\r\n$"
        case .shardPublish: "*3\r\n$8\r\nSPUBLISH\r\n$"
        }
    }
}

extension RedisCommand {
    /// The most bytes that stand around channel and payload: the start, two lengths, and the ends of lines.
    private static let frameBytes = 96

    /// Appends a command that publishes an envelope, as ``encode(to:)`` does, without an allocation.
    ///
    /// - Parameter omitsPayload: Leaves out the payload and ``end``, which the caller adds.
    /// - Throws: ``RedisError`` `.tooLarge`; then nothing was appended.
    /// - Complexity: A copy of the bytes, and some 30 ns.
    static func append(
        _ command: PublishCommand,
        channel: [UInt8],
        _ envelope: EncodedEnvelope,
        omitsPayload: Bool,
        to output: inout [UInt8]
    ) throws(RedisError) {
        guard channel.count <= maxBytes, envelope.count <= maxBytes - channel.count else {
            throw RedisError(.tooLarge, "a message of \(envelope.count) bytes; \(maxBytes) are the most")
        }
        let size = omitsPayload ? envelope.head.count : envelope.count
        output.append(addingCapacity: frameBytes + channel.count + size) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                guard let base = buffer.baseAddress else { return }
                var writer = Writer(next: UnsafeMutableRawPointer(base + count))
                let start = command.start
                writer.write(UnsafeRawBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount))
                writer.write(channel.count)
                channel.withUnsafeBytes { writer.write($0) }
                writer.endLine()
                writer.next.storeBytes(of: UInt8(ascii: "$"), as: UInt8.self)
                writer.next += 1
                writer.write(envelope.count)
                envelope.head.withUnsafeBytes { writer.write($0) }
                if !omitsPayload {
                    envelope.payload.withUnsafeBytes { writer.write($0) }
                    writer.endLine()
                }
                count = writer.next - UnsafeMutableRawPointer(base)
            }
        }
    }

    /// What ends a command.
    static let end = "\r\n".utf8

    /// Writes into memory that was reserved before.
    private struct Writer {
        var next: UnsafeMutableRawPointer

        mutating func write(_ bytes: UnsafeRawBufferPointer) {
            guard let start = bytes.baseAddress else { return }
            next.copyMemory(from: start, byteCount: bytes.count)
            next += bytes.count
        }

        mutating func endLine() {
            next.storeBytes(of: UInt8(ascii: "\r"), as: UInt8.self)
            next.storeBytes(of: UInt8(ascii: "\n"), toByteOffset: 1, as: UInt8.self)
            next += 2
        }

        /// Writes a number of at most ten digits, and the end of the line.
        mutating func write(_ number: Int) {
            var digits = 1
            var bound = 10
            while number >= bound {
                digits += 1
                bound *= 10
            }
            var rest = number
            for index in (0..<digits).reversed() {
                next.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 + rest % 10), toByteOffset: index, as: UInt8.self)
                rest /= 10
            }
            next += digits
            endLine()
        }
    }
}
