// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What the server tells of a consumer.
struct ConsumerInfo {
    let name: String
    let description: String
    /// The last message that was delivered, by its place in the stream.
    let deliveredSequence: UInt64
    /// How many deliveries there were.
    let deliveries: UInt64
    let ackPending: UInt64
    /// How many messages of the stream it has still to deliver.
    let pending: UInt64
    /// How many requests for messages wait.
    let waiting: UInt64
    /// How many messages one request may ask for; nil for any number.
    let maxBatch: UInt64?
    /// Whether it brings all messages, whole, to whoever asks, and is acknowledged as the hub does.
    let isUsable: Bool

    init(_ tree: JSONTree) {
        name = tree["name"]?.string ?? ""
        description = tree["config"]?["description"]?.string ?? ""
        deliveredSequence = tree["delivered"]?["stream_seq"]?.count ?? 0
        deliveries = tree["delivered"]?["consumer_seq"]?.count ?? 0
        ackPending = tree["num_ack_pending"]?.count ?? 0
        pending = tree["num_pending"]?.count ?? 0
        waiting = tree["num_waiting"]?.count ?? 0
        let config = tree["config"]
        isUsable =
            config?["filter_subject"]?.string ?? "" == "" && config?["filter_subjects"]?.array.isEmpty != false
            && config?["headers_only"]?.boolean != true && config?["deliver_subject"] == nil
            && config?["ack_policy"]?.string == "all"
        maxBatch = tree["config"]?["max_batch"]?.count.flatMap { $0 > 0 ? $0 : nil }
    }
}
