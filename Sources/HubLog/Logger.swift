// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

public import Synchronization

/// Takes records at a level or above it and hands each to a sink as one line; safe from any thread.
///
/// A call below the level costs one relaxed atomic load: neither the message nor the fields are made. A call at it encodes
/// on the calling thread and writes at once, so a per-message path logs through a ``LogLimit`` or not at all.
///
/// The class is public only because the compiler inlines nothing of a `package` type into another module; its members are
/// for the package all the same.
public final class Logger: Sendable {
    @usableFromInline let threshold: Atomic<UInt8>
    private let format: LogFormat
    private let sink: any LogSink
    private let clock: @Sendable () -> LogTime
    private let counts: InlineArray<5, Atomic<UInt64>>

    /// Prepares a logger.
    ///
    /// - Parameter level: The lowest level that is written; default info.
    /// - Parameter format: How lines look; by default what suits standard error.
    /// - Parameter sink: Where lines go; by default standard error.
    /// - Parameter clock: What time it is; for tests.
    package init(
        level: LogLevel = .info,
        format: LogFormat = .suiting(),
        sink: any LogSink = DescriptorSink(),
        clock: @escaping @Sendable () -> LogTime = LogTime.now
    ) {
        self.threshold = Atomic(level.rawValue)
        self.format = format
        self.sink = sink
        self.clock = clock
        self.counts = InlineArray { _ in Atomic(0) }
    }

    /// The lowest level that is written; may change at any time.
    package var level: LogLevel {
        get { LogLevel(rawValue: threshold.load(ordering: .relaxed)) ?? .error }
        set { threshold.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// How many records of a level were written (or lost by the sink) since the start; suppressed ones do not count.
    package func eventCount(_ level: LogLevel) -> UInt64 { counts[Int(level.rawValue)].load(ordering: .relaxed) }

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
        counts[Int(level.rawValue)].wrappingAdd(1, ordering: .relaxed)
        let record = LogRecord(time: clock(), level: level, message: message, fields: fields)
        var line: [UInt8] = []
        line.reserveCapacity(256)
        LogEncoder.append(record, as: format, to: &line)
        line.withUnsafeBytes { sink.write(record, line: $0) }
    }
}
