// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where commands write: results to standard output, complaints to standard error.
enum Output {
    /// Writes text as it is to standard output; a reader that has left is no error.
    static func write(_ text: String) { put(Array(text.utf8), STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func complain(_ text: String) { put(Array("gohub: \(text)\n".utf8), STDERR_FILENO) }

    /// Writes bytes to standard output.
    static func write(_ bytes: [UInt8]) { put(bytes, STDOUT_FILENO) }

    private static func put(_ bytes: [UInt8], _ descriptor: Int32) {
        var written = 0
        bytes.withUnsafeBytes { buffer in
            while written < buffer.count, let start = buffer.baseAddress {
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, start + written, buffer.count - written)
                #else
                    let count = Darwin.write(descriptor, start + written, buffer.count - written)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                written += count
            }
        }
    }
}
