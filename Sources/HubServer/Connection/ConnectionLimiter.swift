// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubMetrics
import Synchronization

/// How many WebSockets are open on the node and from each address; shared by the loops.
final class ConnectionLimiter: Sendable {
    private struct Table {
        var total = 0
        var peak = 0
        var byAddress: [String: Int] = [:]
    }

    private let table = Mutex(Table())
    private let limit: Int
    private let limitPerAddress: Int

    init(limit: Int, limitPerAddress: Int) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    /// Takes a place, or says why there is none.
    func admit(_ address: String) -> RejectionReason? {
        table.withLock { table in
            guard table.total < limit else { return .nodeLimit }
            let open = table.byAddress[address, default: 0]
            guard limitPerAddress == 0 || open < limitPerAddress else { return .ipLimit }
            table.byAddress[address] = open + 1
            table.total += 1
            table.peak = max(table.peak, table.total)
            return nil
        }
    }

    /// Gives a place back.
    func release(_ address: String) {
        table.withLock { table in
            table.total -= 1
            let left = table.byAddress[address, default: 1] - 1
            table.byAddress[address] = left > 0 ? left : nil
        }
    }

    /// The most that were open at once since the start.
    var peak: Int { table.withLock { $0.peak } }
    /// The addresses with an open connection.
    var addressCount: Int { table.withLock { $0.byAddress.count } }
}

/// Why a connection was turned away.
package enum RejectionReason: UInt8, MetricLabel {
    case origin, nodeLimit, ipLimit, draining, badHandshake, badRequest, headerTimeout, descriptors

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
        case .descriptors: "descriptors"
        }
    }
}
