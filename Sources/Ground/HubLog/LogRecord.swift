// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What happened, when, how much it matters, and its values.
package struct LogRecord: Sendable {
    /// When it happened, by the wall clock.
    package let time: LogTime
    /// How much it matters.
    package let level: LogLevel
    /// What happened, in constant words.
    package let message: String
    /// What varies.
    package let fields: [LogField]

    /// Puts a record together.
    package init(time: LogTime, level: LogLevel, message: String, fields: [LogField]) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }

    /// Finds the first value under a key; for tests and sinks.
    package subscript(key: String) -> LogValue? {
        fields.first { $0.key.description == key }?.value
    }
}

/// How records look as lines.
package enum LogFormat: Sendable {
    /// `2026-01-02T03:04:05.678Z WARN  write failed client=7 reason="broken pipe"`
    case text
    /// `{"time":"2026-01-02T03:04:05.678Z","level":"warning","message":"write failed","client":7}`
    case json

    /// Chooses text where a person reads and JSON where a program does.
    ///
    /// - Parameter descriptor: Where the lines go; standard error if not said.
    package static func suiting(descriptor: Int32 = STDERR_FILENO) -> LogFormat {
        isatty(descriptor) == 1 ? .text : .json
    }
}
