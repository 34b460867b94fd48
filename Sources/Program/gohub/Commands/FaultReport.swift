// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubConfig
import HubLog

/// Tells on standard error what is wrong with a configuration: in lines for people, or as records for what reads the log.
enum FaultReport {
    /// Tells every fault.
    ///
    /// - Parameter auto: What is written when the configuration leaves the log's format to the program, or gives a wrong one.
    static func tell(_ error: ConfigurationError, auto: LogFormat) {
        switch error.logFormat == .auto ? auto : error.logFormat.format {
        case .text:
            for fault in error.faults { Output.complain(fault.description) }
        case .json:
            let log = Logger(format: .json)
            for fault in error.faults { record(fault, log) }
            log.flush()
        }
    }

    /// Makes one fault a record of the log.
    static func record(_ fault: ConfigurationFault, _ log: Logger) {
        log.error(
            "wrong configuration",
            [
                LogField("error", fault.description), LogField("code", fault.code.rawValue),
                LogField("origin", fault.origin.description), LogField("key", fault.key),
                LogField("allowed", fault.allowed), LogField("hint", fault.hint),
            ]
        )
    }
}
