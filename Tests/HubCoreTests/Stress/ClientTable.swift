// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubTesting
import Synchronization

/// The ids of the clients that came, for threads to aim at.
final class ClientTable: Sendable {
    private let ids = Mutex<[ClientID]>([])

    func append(_ id: ClientID) { ids.withLock { $0.append(id) } }

    /// One of the last to come, who may be gone.
    func random(using generator: inout SplitMix64) -> ClientID? {
        let number = Int.random(in: 0..<30, using: &generator)
        return ids.withLock { ids in ids.isEmpty ? nil : ids[max(0, ids.count - 1 - number)] }
    }
}
