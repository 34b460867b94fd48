// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where commands write: results to standard output, complaints to standard error.
enum Output {
    /// Writes text as it is to standard output; see ``write(_:)-([UInt8])``.
    static func write(_ text: String) -> ExitCode? { write(Array(text.utf8)) }

    /// Writes bytes to standard output; blocks while its reader does not read.
    ///
    /// - Returns: nil when all was written. Otherwise the code that the command ends with: `success` when the reader has
    ///   left, which `| head` does; `failure`, said on standard error, when the bytes cannot be written, as on a full disk.
    static func write(_ bytes: [UInt8]) -> ExitCode? {
        switch put(bytes, STDOUT_FILENO) {
        case 0: return nil
        case EPIPE: return .success
        case let number:
            complain("standard output cannot be written: \(String(cString: strerror(number)))")
            return .failure
        }
    }

    /// Writes a line to standard error, escaped as it may quote others; there is nowhere to say that this failed.
    static func complain(_ text: String) {
        _ = put(Array("gohub: \(EscapedText.escape(text, as: .json))\n".utf8), STDERR_FILENO)
    }

    /// Writes text as it is to standard error, where a person may be.
    static func tell(_ text: String) { _ = put(Array(text.utf8), STDERR_FILENO) }

    /// Waits until whoever read standard output has left: of a pipe, a socket or a terminal.
    ///
    /// - Returns: Whether that happened. A file has no reader, and this waits for ever.
    static func waitForReaderToLeave() -> Bool {
        var watch = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        while poll(&watch, 1, -1) < 0 {
            guard errno == EINTR || errno == EAGAIN else { return false }
        }
        return Int32(watch.revents) & (POLLERR | POLLHUP) != 0
    }

    /// Writes all bytes; returns the `errno` of what went wrong, or 0.
    private static func put(_ bytes: [UInt8], _ descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count, let start = buffer.baseAddress {
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, start + written, buffer.count - written)
                #else
                    let count = Darwin.write(descriptor, start + written, buffer.count - written)
                #endif
                if count > 0 {
                    written += count
                    continue
                }
                switch count == 0 ? EIO : errno {
                case EINTR: continue
                // Whoever shares the terminal or the pipe may have made it non-blocking.
                case EAGAIN:
                    var watch = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&watch, 1, -1)
                case let number: return number
                }
            }
            return 0
        }
    }
}
