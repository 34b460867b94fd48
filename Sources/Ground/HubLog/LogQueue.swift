// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import Synchronization

/// The lines that wait for the log's thread, bounded in bytes, and that thread.
///
/// The lock is held for a copy of one line, or for an exchange of two arrays; never while a line is written.
final class LogQueue: Sendable {
    private struct State {
        /// Lines that wait, one behind the other.
        var pending: [UInt8] = []
        /// The bytes of lines that the thread has taken and is writing.
        var bytesInHand = 0
        /// Lines dropped since the start.
        var dropped: UInt64 = 0
        /// Lines dropped here, for lack of room, that no line has told of.
        var untold: UInt64 = 0
        var hasThread = false
        /// The thread has nothing to do and waits.
        var isIdle = false
        var mustEnd = false
        /// Those who wait until nothing is left.
        var flushes: [TimedSemaphore] = []
        var makeDropLine: @Sendable (UInt64) -> [UInt8] = { _ in [] }
    }

    /// What the thread takes at once.
    private struct Batch {
        var lines: [UInt8]
        let untold: UInt64
        let makeDropLine: @Sendable (UInt64) -> [UInt8]
    }

    /// Nothing that grew larger than this is kept for the next batch.
    private static let keptBytes = 16 * 1024
    private static let stackBytes = 256 << 10

    private let capacity: Int
    private let writer: LineWriter
    private let state = Mutex(State())
    private let filled = TimedSemaphore()

    init(capacity: Int, writer: LineWriter) {
        self.capacity = capacity
        self.writer = writer
    }

    // MARK: For whoever logs

    var droppedLines: UInt64 { state.withLock { $0.dropped } }

    func tellDrops(_ makeLine: @escaping @Sendable (UInt64) -> [UInt8]) {
        state.withLock { $0.makeDropLine = makeLine }
    }

    /// Appends a line, or drops it when there is no room, or no thread to be had.
    func append(_ line: UnsafeRawBufferPointer) {
        let mustWake = state.withLock { state in
            let room = state.mustEnd ? 0 : capacity - state.pending.count - state.bytesInHand
            guard line.count <= room, state.hasThread || start(&state) else {
                state.dropped &+= 1
                state.untold &+= 1
                return false
            }
            state.pending.append(contentsOf: line)
            defer { state.isIdle = false }
            return state.isIdle
        }
        if mustWake { filled.signal() }
    }

    /// Waits until all that was appended is written or dropped, for a limited time; false when that was too short.
    @discardableResult
    func flush(within limit: Duration) -> Bool {
        let done = TimedSemaphore()
        let mustWait = state.withLock { state in
            guard !state.pending.isEmpty || state.bytesInHand > 0 else { return false }
            state.flushes.append(done)
            return true
        }
        guard mustWait else { return true }
        if done.wait(within: limit) { return true }
        state.withLock { $0.flushes.removeAll { $0 === done } }
        return false
    }

    /// Lets the thread end; the line that it is writing now is its last.
    func end() {
        let mustWake = state.withLock { state in
            state.mustEnd = true
            state.pending = []
            return state.isIdle
        }
        if mustWake { filled.signal() }
    }

    // MARK: The thread

    private func start(_ state: inout State) -> Bool {
        let context = Unmanaged.passRetained(self)
        var handle: UInt = 0
        guard gohub_thread_start(&handle, Self.stackBytes, logThreadMain, context.toOpaque()) == 0 else {
            context.release()
            return false
        }
        gohub_thread_detach(handle)
        state.hasThread = true
        return true
    }

    private var mustEnd: Bool { state.withLock { $0.mustEnd } }

    fileprivate func run() {
        var writer = writer
        var untold: UInt64 = 0
        var spare: [UInt8] = []
        var lost: UInt64 = 0
        while true {
            guard let batch = next(&spare, lost: lost) else {
                if mustEnd { return }
                lost = 0
                filled.wait()
                continue
            }
            untold &+= batch.untold
            (lost, spare) = (0, batch.lines)
            var isTaken = true
            spare.withUnsafeBytes { bytes in
                for line in Lines(bytes) where !mustEnd {
                    isTaken = writer.write(line)
                    if !isTaken { lost &+= 1 }
                }
            }
            untold &+= lost
            guard untold > 0, isTaken, !mustEnd else { continue }
            if batch.makeDropLine(untold).withUnsafeBytes({ writer.write($0) }) { untold = 0 }
        }
    }

    /// Notes what became of the last batch and takes the next one; nil when there is none, which those who flush are told.
    private func next(_ spare: inout [UInt8], lost: UInt64) -> Batch? {
        state.withLock { state in
            state.dropped &+= lost
            state.bytesInHand = 0
            guard !state.pending.isEmpty || state.untold > 0 else {
                for flush in state.flushes { flush.signal() }
                state.flushes = []
                state.isIdle = true
                return nil
            }
            spare.removeAll(keepingCapacity: spare.capacity <= Self.keptBytes)
            let batch = Batch(lines: state.pending, untold: state.untold, makeDropLine: state.makeDropLine)
            state.pending = spare
            spare = []
            state.bytesInHand = batch.lines.count
            state.untold = 0
            return batch
        }
    }
}

/// The lines of a text, each with its newline.
private struct Lines: Sequence, IteratorProtocol {
    private var rest: UnsafeRawBufferPointer

    init(_ text: UnsafeRawBufferPointer) { rest = text }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard !rest.isEmpty else { return nil }
        let end = (rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.count - 1) + 1
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[end...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<end])
    }
}

private func logThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    gohub_thread_set_name("log")
    Unmanaged<LogQueue>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
