// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CZlib

/// Reads what was compressed, by the library's other half.
enum Gunzip {
    /// The one gzip member that the bytes are; nil when they are not, or not to their end.
    static func decode(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard gohub_gunzip_init(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        return input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while true {
                let status = chunk.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    return inflate(&stream, Z_NO_FLUSH)
                }
                guard status == Z_OK || status == Z_STREAM_END else { return nil }
                output += chunk[..<(chunk.count - Int(stream.avail_out))]
                if status == Z_STREAM_END { return stream.avail_in == 0 ? output : nil }
            }
        }
    }
}
