// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension RedisCommand {
    /// Appends `PUBLISH channel payload`, byte for byte what ``encode(to:)`` appends, without an allocation.
    ///
    /// - Throws: ``RedisError`` `.tooLarge`; then nothing was appended.
    /// - Complexity: A copy of the bytes, and some 30 ns.
    package static func appendPublish(
        channel: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        to output: inout [UInt8]
    ) throws(RedisError) {
        try append("*3\r\n$7\r\nPUBLISH\r\n$", channel, payload, to: &output)
    }

    /// Appends `SPUBLISH channel payload`, for the channels that a cluster keeps on one shard.
    ///
    /// - Throws: ``RedisError`` `.tooLarge`; then nothing was appended.
    package static func appendShardPublish(
        channel: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        to output: inout [UInt8]
    ) throws(RedisError) {
        try append("*3\r\n$8\r\nSPUBLISH\r\n$", channel, payload, to: &output)
    }

    /// The most bytes that stand around channel and payload: the start, two lengths, and the ends of lines.
    private static let frameBytes = 96

    private static func append(
        _ start: StaticString,
        _ channel: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer,
        to output: inout [UInt8]
    ) throws(RedisError) {
        guard channel.count <= maxBytes, payload.count <= maxBytes - channel.count else {
            throw RedisError(.tooLarge, "a message of \(payload.count) bytes; \(maxBytes) are the most")
        }
        output.append(addingCapacity: frameBytes + channel.count + payload.count) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                guard let base = buffer.baseAddress else { return }
                var writer = Writer(next: UnsafeMutableRawPointer(base + count))
                writer.write(UnsafeRawBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount))
                writer.write(channel.count)
                writer.write(channel)
                writer.endLine()
                writer.next.storeBytes(of: UInt8(ascii: "$"), as: UInt8.self)
                writer.next += 1
                writer.write(payload.count)
                writer.write(payload)
                writer.endLine()
                count = writer.next - UnsafeMutableRawPointer(base)
            }
        }
    }

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
