// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where records go; called on whichever thread logs, so a sink neither throws nor waits for another thread's work.
package protocol LogSink: Sendable {
    /// Takes one record.
    ///
    /// - Parameter line: The record as it is to be read, with its newline; valid until the call returns.
    func write(_ record: LogRecord, line: UnsafeRawBufferPointer)
}

/// Writes lines to a descriptor, each with one `write(2)`; what cannot be written is counted and forgotten.
///
/// Lines of several threads never mix: a lock is held for the write. A reader that has gone (`EPIPE`) or does not keep up with
/// a non-blocking descriptor (`EAGAIN`) costs the line and nothing else. After a line that got out in part, the next one
/// starts with a newline.
package final class DescriptorSink: LogSink {
    private struct State {
        var isTorn = false
        var lost: UInt64 = 0
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    /// Uses a descriptor, which stays the caller's to close.
    ///
    /// Ignores `SIGPIPE` for the whole process: without that, a log reader that leaves would end the hub.
    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        signal(SIGPIPE, SIG_IGN)
    }

    /// How many lines were not written, or only in part, since the start.
    package var lostLines: UInt64 { state.withLock { $0.lost } }

    package func write(_ record: LogRecord, line: UnsafeRawBufferPointer) {
        state.withLock { state in
            if state.isTorn {
                guard withUnsafeBytes(of: UInt8(ascii: "\n"), { put($0) == 1 }) else {
                    state.lost &+= 1
                    return
                }
                state.isTorn = false
            }
            var written = put(line)
            if written > 0, written < line.count {
                // A signal or a nearly full pipe cut it: once more for the rest, then give up.
                written += max(0, put(UnsafeRawBufferPointer(rebasing: line[written...])))
            }
            if written < line.count {
                state.isTorn = written > 0
                state.lost &+= 1
            }
        }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        while true {
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, start, bytes.count)
            #else
                let count = Darwin.write(descriptor, start, bytes.count)
            #endif
            if count < 0, errno == EINTR { continue }
            return count
        }
    }
}

/// Keeps records and their lines in memory, for tests.
package final class MemorySink: LogSink {
    private struct State {
        var records: [LogRecord] = []
        var lines: [String] = []
    }

    private let state = Mutex(State())

    /// Starts empty.
    package init() {}

    /// What was logged, in order.
    package var records: [LogRecord] { state.withLock { $0.records } }

    /// The lines of ``records``, without their newlines.
    package var lines: [String] { state.withLock { $0.lines } }

    package func write(_ record: LogRecord, line: UnsafeRawBufferPointer) {
        let text = String(decoding: line.dropLast(), as: UTF8.self)
        state.withLock {
            $0.records.append(record)
            $0.lines.append(text)
        }
    }
}
