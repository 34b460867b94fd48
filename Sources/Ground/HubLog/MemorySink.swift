// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import Synchronization

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
