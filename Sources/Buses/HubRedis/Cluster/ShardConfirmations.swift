// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Confirms a change of what is wanted when all servers that were told of it have, and in the order of the changes.
struct ShardConfirmations {
    /// The changes in their order, and how many servers each still waits for.
    private var changes = FIFO<UInt64>()
    private var missing: [UInt64: Int] = [:]

    /// Takes a change, before any of so many servers can confirm it.
    mutating func expect(_ generation: UInt64, from servers: Int) {
        changes.append(generation)
        missing[generation, default: 0] += servers
    }

    /// Takes the confirmation of one server.
    mutating func confirm(_ generation: UInt64) { missing[generation]? -= 1 }

    /// The next change that all have confirmed; nil when it still waits.
    mutating func popConfirmed() -> UInt64? {
        guard let generation = changes.popFirst(where: { missing[$0, default: 0] <= 0 }) else { return nil }
        missing[generation] = nil
        return generation
    }
}
