// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// Why a request's body was refused; one that is malformed is a bad request, and not among these.
package enum BodyRefusal: UInt8, MetricLabel {
    case tooLarge, noRoom, timeout

    package static let labelName = "reason"
    package var labelValue: String {
        switch self {
        case .tooLarge: "too_large"
        case .noRoom: "no_room"
        case .timeout: "timeout"
        }
    }
}
