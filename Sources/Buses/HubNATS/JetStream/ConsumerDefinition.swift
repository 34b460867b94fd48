// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// The consumer by which one connection of a node reads the stream, as the server is asked to make it.
struct ConsumerDefinition {
    /// By what a consumer is known as one of the hub's.
    static let description = "a node of gohub"

    private let settings: JetStreamSettings
    private let name: String
    private let sequence: UInt64?

    /// - Parameter sequence: Behind which message of the stream it begins; nil to begin with what comes from now on.
    init(_ settings: JetStreamSettings, name: String, behind sequence: UInt64?) {
        self.settings = settings
        self.name = name
        self.sequence = sequence
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("stream_name")
            writer.string(settings.stream)
            writer.key("config")
            writer.object { writer in
                for (key, value) in [
                    ("durable_name", name), ("description", Self.description), ("ack_policy", "all"),
                    ("replay_policy", "instant"),
                    ("deliver_policy", sequence == nil ? "new" : "by_start_sequence"),
                ] {
                    writer.key(key)
                    writer.string(value)
                }
                if let sequence {
                    writer.key("opt_start_seq")
                    writer.integer(sequence &+ 1)
                }
                for (key, value) in [
                    ("ack_wait", settings.ackWait.nanoseconds), ("max_deliver", Int64(settings.maxDeliver)),
                    ("max_ack_pending", Int64(settings.maxAckPending)),
                ] {
                    writer.key(key)
                    writer.integer(value)
                }
            }
        }
        return writer.bytes
    }
}
