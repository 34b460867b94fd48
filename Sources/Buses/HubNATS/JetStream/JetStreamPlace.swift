// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

/// Where a node is in the stream, for the connection after this one to go on from.
final class JetStreamPlace {
    /// The last message that was taken; nil to begin with what comes from now on.
    var sequence: UInt64?
    var interests = StreamInterests<UInt64>()
    /// Whether the stream was there once: one that is gone is not made again.
    var hasSeenStream = false
    /// What was told of its options.
    var differences: [StreamDefinition.Difference] = []
    /// When the stream was made, as the server says; another one has other numbers.
    var streamCreation: String?
    /// The consumers of earlier connections and of this one, to be deleted once there is another.
    var abandoned: [String] = []
    /// So many; what is more is left to the sweep.
    private static let abandonedLimit = 64
    /// What the ids of this run's messages begin with; nobody is to guess it who cannot read them.
    let messagePrefix = UInt64.random(in: .min ... .max).hexadecimal
    /// What this run's consumers are known by.
    let run = UInt64.random(in: .min ... .max).hexadecimal
    /// Counts the consumers of this node, each of which has a name of its own.
    var consumerCount = 0

    /// Notes a consumer that may be there.
    func abandon(_ consumer: String) {
        // The first has what was not acknowledged yet, and the others nothing.
        if abandoned.count >= Self.abandonedLimit { abandoned.removeLast() }
        abandoned.append(consumer)
    }
}
