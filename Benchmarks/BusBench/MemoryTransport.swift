// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore

/// A client in memory: it takes everything at once, and is read unless it says otherwise.
protocol MemoryTransport: ClientTransport {}

extension MemoryTransport {
    var unsentBytes: Int { 0 }

    func pauseReading() {}

    func resumeReading() {}

    func close(_ reason: CloseReason) {}
}
