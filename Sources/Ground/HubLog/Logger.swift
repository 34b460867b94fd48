// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

/// Takes records at a level or above it and hands each to a sink as one line; safe from any thread.
///
/// A call below the level costs one relaxed atomic load: neither the message nor the fields are made. A call at it encodes
/// on the calling thread and hands the line to the sink, so a per-message path logs through a ``LogLimit`` or not at all.
///
/// The class is public only because the compiler inlines nothing of a `package` type into another module; its members are
/// for the package all the same.
public final class Logger: Sendable {
    @usableFromInline let threshold: Atomic<UInt8>
    private let lines: LogLines
    private let sink: any LogSink

    /// Prepares a logger.
    ///
    /// - Parameter level: The lowest level that is written; default info.
    /// - Parameter format: How lines look; by default what suits standard error.
    /// - Parameter node: The node's name, which every line carries as `node`; nil leaves the field out.
    /// - Parameter sink: Where lines go; by default standard error.
    /// - Parameter clock: What time it is; for tests.
    package init(
        level: LogLevel = .info,
        format: LogFormat = .suiting(),
        node: String? = nil,
        sink: any LogSink = DescriptorSink(),
        clock: @escaping @Sendable () -> LogTime = LogTime.now
    ) {
        self.threshold = Atomic(level.rawValue)
        self.sink = sink
        let lines = LogLines(format: format, clock: clock, common: node.map { [LogField("node", $0)] } ?? [])
        self.lines = lines
        // Made on the sink's thread, which must not be the last to hold the logger and with it the sink.
        sink.tellDrops { count in
            let message = "log lines were dropped: nobody read them in time"
            return lines.make(.warning, message, [LogField("dropped", count)]).bytes
        }
    }

    /// The lowest level that is written; may change at any time.
    package var level: LogLevel {
        get { LogLevel(rawValue: threshold.load(ordering: .relaxed)) ?? .error }
        set { threshold.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// How many lines were handed to the sink and will not be read by anybody, since the start.
    package var droppedLines: UInt64 { sink.droppedLines }

    /// Waits until all lines so far are written, for a limited time: before the process ends.
    ///
    /// - Returns: Whether nothing is left.
    @discardableResult
    package func flush(within limit: Duration = .seconds(1)) -> Bool { sink.flush(within: limit) }

    /// How many records of a level were made since the start, those that the sink dropped included; suppressed ones do not
    /// count.
    package func eventCount(_ level: LogLevel) -> UInt64 { lines.counts[Int(level.rawValue)].load(ordering: .relaxed) }

    /// Whether a record of this level would be written.
    @inlinable
    package func isEnabled(_ level: LogLevel) -> Bool { level.rawValue >= threshold.load(ordering: .relaxed) }

    /// Writes a record, if its level is enabled.
    @inlinable
    package func log(
        _ level: LogLevel,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [LogField] = []
    ) {
        guard isEnabled(level) else { return }
        write(level, message(), fields())
    }

    /// Writes a record unless one under the same limit was written just now; the next one says how many were left out.
    @inlinable
    package func log(
        _ level: LogLevel,
        limit: LogLimit,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [LogField] = []
    ) {
        guard isEnabled(level), let suppressed = limit.admit() else { return }
        write(level, message(), fields(), suppressed: suppressed)
    }

    /// Writes every step; for following a single message through the code.
    @inlinable
    package func trace(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.trace, message(), fields())
    }

    /// Writes what a developer of gohub wants to know.
    @inlinable
    package func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.debug, message(), fields())
    }

    /// Writes what an operator wants to know.
    @inlinable
    package func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.info, message(), fields())
    }

    /// Writes that something failed and was dealt with.
    @inlinable
    package func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.warning, message(), fields())
    }

    /// Writes that something failed and was dealt with, at most once in the limit's interval.
    @inlinable
    package func warning(
        limit: LogLimit,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> [LogField] = []
    ) {
        log(.warning, limit: limit, message(), fields())
    }

    /// Writes that something failed and was not dealt with.
    @inlinable
    package func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> [LogField] = []) {
        log(.error, message(), fields())
    }

    @usableFromInline @inline(never)
    func write(_ level: LogLevel, _ message: String, _ fields: [LogField], suppressed: UInt64 = 0) {
        let fields = suppressed == 0 ? fields : fields + [LogField("suppressed", suppressed)]
        let (record, line) = lines.make(level, message, fields)
        line.withUnsafeBytes { sink.write(record, line: $0) }
    }
}

/// Makes a logger's records and their lines, and counts them.
private final class LogLines: Sendable {
    let counts: InlineArray<5, Atomic<UInt64>> = InlineArray { _ in Atomic(0) }
    private let format: LogFormat
    private let clock: @Sendable () -> LogTime
    /// The fields that every record begins with.
    private let common: [LogField]

    init(format: LogFormat, clock: @escaping @Sendable () -> LogTime, common: [LogField]) {
        self.format = format
        self.clock = clock
        self.common = common
    }

    func make(_ level: LogLevel, _ message: String, _ fields: [LogField]) -> (record: LogRecord, bytes: [UInt8]) {
        counts[Int(level.rawValue)].wrappingAdd(1, ordering: .relaxed)
        let record = LogRecord(time: clock(), level: level, message: message, fields: common + fields)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        LogEncoder.append(record, as: format, to: &bytes)
        return (record, bytes)
    }
}
