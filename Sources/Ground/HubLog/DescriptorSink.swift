// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes lines to a descriptor from a thread of its own, each with one `write(2)`; whoever logs never waits for the reader.
///
/// Lines wait in a queue of bounded bytes. One that does not fit is dropped and counted, and so is one that cannot be written
/// because the reader has gone (`EPIPE`) or the disk is full. As soon as lines can be written again, one says how many
/// are missing. A descriptor that does not block (`EAGAIN`) is waited for. After a line that got out in part, the next one
/// starts with a newline.
///
/// The thread starts with the first line, and ends with the sink, which gives it a second to write what is left.
package final class DescriptorSink: LogSink {
    /// The bytes of lines that may wait, those being written included.
    package static let defaultCapacity = 256 * 1024

    private let queue: LogQueue

    /// Uses a descriptor, which stays the caller's to close, after the sink's end.
    ///
    /// Ignores `SIGPIPE` for the whole process: without that, a log reader that leaves would end the hub.
    ///
    /// - Parameter capacity: How many bytes of lines may wait.
    package init(descriptor: Int32 = STDERR_FILENO, capacity: Int = defaultCapacity) {
        signal(SIGPIPE, SIG_IGN)
        queue = LogQueue(capacity: capacity, writer: LineWriter(descriptor: descriptor))
    }

    deinit {
        queue.flush(within: .seconds(1))
        queue.end()
    }

    package var droppedLines: UInt64 { queue.droppedLines }

    package func write(_ record: LogRecord, line: UnsafeRawBufferPointer) { queue.append(line) }

    package func tellDrops(_ makeLine: @escaping @Sendable (_ count: UInt64) -> [UInt8]) { queue.tellDrops(makeLine) }

    @discardableResult
    package func flush(within limit: Duration) -> Bool { queue.flush(within: limit) }
}

/// Puts lines into a descriptor, one after the other; belongs to one thread.
struct LineWriter: Sendable {
    private let descriptor: Int32
    /// The last line got out in part.
    private var isTorn = false

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes a line with its newline; waits for as long as the descriptor takes nothing.
    ///
    /// - Returns: Whether all of it got out.
    mutating func write(_ line: UnsafeRawBufferPointer) -> Bool {
        if isTorn {
            guard withUnsafeBytes(of: UInt8(ascii: "\n"), { put($0) }) == 1 else { return false }
            isTorn = false
        }
        let written = put(line)
        isTorn = written > 0 && written < line.count
        return written == line.count
    }

    /// Writes until all is out or an error says that no more can be.
    private func put(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var written = 0
        while written < bytes.count {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, start + written, bytes.count - written)
            #else
                let count = Darwin.write(descriptor, start + written, bytes.count - written)
            #endif
            if count > 0 {
                written += count
            } else if count == 0 {
                break
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                break
            }
        }
        return written
    }
}
