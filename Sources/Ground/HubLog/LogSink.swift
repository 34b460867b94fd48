// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Where records go; called on whichever thread logs, event loops included, so a sink neither throws nor waits for a reader.
package protocol LogSink: Sendable {
    /// Takes one record.
    ///
    /// - Parameter line: The record as it is to be read, with its newline; valid until the call returns.
    func write(_ record: LogRecord, line: UnsafeRawBufferPointer)

    /// How many lines were taken and will not be read by anybody, since the start.
    var droppedLines: UInt64 { get }

    /// Sets what makes the line, with its newline, that tells a reader how many lines it misses.
    func tellDrops(_ makeLine: @escaping @Sendable (_ count: UInt64) -> [UInt8])

    /// Waits until the lines taken so far have been written, dropped, or so much time is over.
    ///
    /// - Returns: Whether nothing is left.
    @discardableResult
    func flush(within limit: Duration) -> Bool
}

/// A sink that is done with a line when ``write(_:line:)`` returns needs nothing of this.
extension LogSink {
    package var droppedLines: UInt64 { 0 }
    package func tellDrops(_ makeLine: @escaping @Sendable (_ count: UInt64) -> [UInt8]) {}
    package func flush(within limit: Duration) -> Bool { true }
}
