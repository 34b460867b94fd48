// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics

/// Why a connection was turned away.
package enum RejectionReason: UInt8, MetricLabel {
    case origin, nodeLimit, ipLimit, draining, badHandshake, badRequest, headerTimeout, silent, aborted

    package static let labelName = "reason"
    package var labelValue: String {
        switch self {
        case .origin: "origin"
        case .nodeLimit: "node_limit"
        case .ipLimit: "ip_limit"
        case .draining: "draining"
        case .badHandshake: "bad_handshake"
        case .badRequest: "bad_request"
        case .headerTimeout: "header_timeout"
        case .silent: "silent"
        case .aborted: "aborted"
        }
    }
}
