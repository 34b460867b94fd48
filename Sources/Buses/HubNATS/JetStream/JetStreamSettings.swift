// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How a node uses a stream of JetStream.
package struct JetStreamSettings: Sendable {
    /// What a stream keeps.
    package enum Retention: String, Sendable, CaseIterable {
        /// All messages within the limits.
        case limits
        /// Of these, those that some consumer has not acknowledged.
        case interest
    }

    /// What stands in the names of the node's consumers, so that an operator knows whose they are.
    package var nodeName = "node"
    /// The name of the stream.
    package var stream = "GOHUB_BUS"
    package var retention = Retention.limits
    /// How old a message may become; 0 for any age.
    package var maxAge = Duration.seconds(3600)
    /// How many messages are kept, of the newest; -1 for any number.
    package var maxMessages = 1_000_000
    /// How many bytes are kept, of the newest messages; -1 for any number.
    package var maxBytes = 1 << 30
    /// On how many servers of a cluster the stream lies, 1 to 5.
    package var replicas = 1
    /// Whether the server compresses by S2, which it can since NATS 2.10.
    package var compresses = false
    /// How long the server knows the id of a message, and drops one that has it as well.
    package var duplicateWindow = Duration.seconds(120)
    /// How long the server waits for an acknowledgement before it delivers a message once more.
    package var ackWait = Duration.seconds(30)
    /// How many times a message is delivered before the server gives it up.
    package var maxDeliver = 5
    /// How many messages may be under way to a node.
    package var maxAckPending = 1000
    /// How often it is looked whether the stream is as it was, and for consumers of nodes that are gone; two looks have to find
    /// one idle.
    package var sweepInterval = Duration.seconds(60)

    /// The defaults.
    package init() {}

    /// How many messages one request asks for: two are under way, so that the server need not wait for the next.
    var batch: Int { min(256, max(1, maxAckPending / 2)) }
}
