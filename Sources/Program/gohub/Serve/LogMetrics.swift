// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubMetrics

/// The families of the log: records by level, lines that nobody will read.
struct LogMetrics: Sendable {
    @discardableResult
    init(_ registry: Registry, log: Logger) {
        let events = registry.counter(
            "gohub_log_events_total",
            help: "Records made for the log, those that were dropped included.",
            by: LogLevelLabel.self,
            where: { $0 != .trace },
            shown: .dashboard(.clientsAndNode)
        )
        let dropped = registry.counter(
            "gohub_log_dropped_total",
            help: "Log lines dropped because the log's reader did not keep up or had gone, or the disk was full.",
            shown: .dashboard(.clientsAndNode)
        )
        registry.onScrape {
            dropped.publish(log.droppedLines)
            for level in LogLevelLabel.allCases { events[level].publish(log.eventCount(level.level)) }
        }
    }
}

/// The levels as a label.
private enum LogLevelLabel: UInt8, MetricLabel {
    case trace, debug, info, warning, error

    static let labelName = "level"
    var labelValue: String { level.name }

    var level: LogLevel {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
