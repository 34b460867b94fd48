// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds the consumers of nodes that are gone without having deleted them.
///
/// A node that lives has a request for messages with the server, or takes messages, unless it has no room for any. What has none
/// in two looks, and has delivered nothing in between, belongs to nobody if nobody listens for it; a node that was only cut off
/// makes another one and reads on.
struct IdleConsumers {
    /// What was idle at the last look, and what it had delivered.
    private var idle: [String: UInt64] = [:]

    /// Takes a look.
    ///
    /// - Parameter own: The consumer of this node, which stays.
    /// - Returns: The consumers to delete if nobody listens for them.
    mutating func look(_ consumers: [ConsumerInfo], own: String) -> [String] {
        let now = consumers.filter {
            $0.description == ConsumerDefinition.description && $0.name != own && $0.waiting == 0
        }
        let dead = now.filter { idle[$0.name] == $0.deliveries }.map(\.name)
        idle = Dictionary(now.map { ($0.name, $0.deliveries) }) { first, _ in first }
        return dead
    }
}
