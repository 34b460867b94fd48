// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How much a record matters, from what only its author wants to read to what somebody must act on.
///
/// Public for the same reason as ``Logger``.
@frozen
public enum LogLevel: UInt8, CaseIterable, Comparable, Sendable {
    /// Every step; for following a single message through the code.
    case trace
    /// What a developer of gohub wants to know.
    case debug
    /// What an operator wants to know: started, draining, stopped.
    case info
    /// Something failed and was dealt with; a rate of these is worth an alert.
    case warning
    /// Something failed and was not dealt with.
    case error

    /// The word used in configuration, logs and metrics.
    package var name: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// Finds a level by its word, in lower case.
    package init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// Orders levels by how much they matter.
    @inlinable
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
