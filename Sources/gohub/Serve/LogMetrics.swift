// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog
import HubMetrics

/// The family of log records, by level.
struct LogMetrics: Sendable {
    @discardableResult
    init(_ registry: Registry, log: Logger) {
        let events = registry.counter(
            "gohub_log_events_total",
            help: "Records written to the log.",
            by: LogLevelLabel.self,
            where: { $0 != .trace },
            shown: .dashboard(.clientsAndNode)
        )
        registry.onScrape {
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
