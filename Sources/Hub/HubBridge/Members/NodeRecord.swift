// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubBus
import HubWire

/// What a node says of itself, as JSON: members that a reader does not know are ignored, so that newer nodes can say more.
package struct NodeRecord: Sendable, Equatable {
    /// How the node stands.
    package enum Phase: String, Sendable {
        /// It looks for others, and serves nobody yet.
        case starting
        case serving
        /// It goes; this is its last word.
        case leaving
    }

    /// The most bytes of its JSON: the longest that a node writes has fewer, with all heads and each character escaped.
    package static let maximumBytes = 512 << 10
    /// The most bytes of a text in it.
    package static let maximumTextBytes = 256
    /// The most heads: `broadcast`, and the inboxes of all others.
    package static let maximumHeads = Membership.limit + 1

    package var id: String
    package var incarnation: UInt64
    package var phase = Phase.serving
    /// What its clients' ids end with; nil while it starts.
    package var tag: UInt16?
    /// Where its operators reach it; may be empty.
    package var admin = ""
    package var version = ""
    /// By which way of the bus its publications travel; empty where there is one only.
    package var way = ""
    /// How many clients it has.
    package var clients = 0
    /// The last numbers of its streams that others need to know: `broadcast`, and the inboxes of other nodes.
    package var heads: [BusTopic: SequenceBook.Position] = [:]

    /// Makes one that says no more than who it is.
    package init(_ identity: NodeIdentity) {
        id = identity.id
        incarnation = identity.incarnation
    }

    /// The JSON text.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("id")
            writer.string(id)
            writer.key("incarnation")
            writer.string(String(incarnation, radix: 16))
            writer.key("phase")
            writer.string(phase.rawValue)
            if let tag {
                writer.key("tag")
                writer.integer(tag)
            }
            writer.key("admin")
            writer.string(admin)
            writer.key("version")
            writer.string(version)
            if !way.isEmpty {
                writer.key("way")
                writer.string(way)
            }
            writer.key("clients")
            writer.integer(clients)
            writer.key("heads")
            writer.object { writer in
                for (topic, position) in heads.sorted(by: { $0.key.name < $1.key.name }) {
                    writer.key(topic.name)
                    writer.string("\(position.epoch):\(position.sequence)")
                }
            }
        }
        return writer.bytes
    }

    /// Reads a JSON text; nil for what is none, or lacks an id or an incarnation.
    package init?(json: UnsafeRawBufferPointer) {
        var (id, incarnation): (String?, UInt64?)
        var record = NodeRecord(NodeIdentity(id: "", incarnation: 1))
        do throws(JSONError) {
            try JSONReader.members(of: json) { key, range throws(JSONError) in
                let value = UnsafeRawBufferPointer(rebasing: json[range])
                switch try key.decoded() {
                case "id": id = try Self.text(value, NodeIdentity.maximumIDBytes)
                case "incarnation": incarnation = UInt64(try Self.text(value) ?? "", radix: 16)
                case "phase": record.phase = try Self.text(value).flatMap(Phase.init(rawValue:)) ?? .serving
                case "tag": record.tag = JSONReader.integer(value).flatMap(UInt16.init(exactly:))
                case "admin": record.admin = try Self.text(value) ?? ""
                case "version": record.version = try Self.text(value) ?? ""
                case "way": record.way = try Self.text(value) ?? ""
                case "clients": record.clients = JSONReader.integer(value).map { max(0, Int(clamping: $0)) } ?? 0
                case "heads": record.heads = try Self.heads(value)
                default: break
                }
            }
        } catch {
            return nil
        }
        guard let id, let incarnation, !id.isEmpty else { return nil }
        record.id = id
        record.incarnation = incarnation
        self = record
    }

    /// A string of so many bytes at the most, however they are escaped; nil for what is none, or longer.
    private static func text(
        _ value: UnsafeRawBufferPointer,
        _ limit: Int = maximumTextBytes
    ) throws(JSONError) -> String? {
        try JSONReader.string(value).flatMap { string throws(JSONError) in try text(string, limit) }
    }

    private static func text(_ string: JSONString, _ limit: Int) throws(JSONError) -> String? {
        string.decodedByteCount <= limit ? try string.decoded() : nil
    }

    /// The heads of the streams that nodes announce; others tell nothing here, and are not kept.
    private static func heads(_ value: UnsafeRawBufferPointer) throws(JSONError) -> [BusTopic: SequenceBook.Position] {
        guard value.first == UInt8(ascii: "{") else { return [:] }
        var heads: [BusTopic: SequenceBook.Position] = [:]
        try JSONReader.members(of: value) { key, range throws(JSONError) in
            var name = try text(key, BusTopic.node("").name.utf8.count + NodeIdentity.maximumIDBytes) ?? ""
            let position = try text(UnsafeRawBufferPointer(rebasing: value[range])) ?? ""
            let parts = position.split(separator: ":")
            guard parts.count == 2, let epoch = UInt32(parts[0]), let sequence = UInt64(parts[1]),
                let topic = name.withUTF8({ BusTopic(UnsafeRawBufferPointer($0)) }),
                topic == .broadcast || topic.kind == .node,
                heads.count < maximumHeads || heads[topic] != nil
            else { return }
            heads[topic] = SequenceBook.Position(epoch: epoch, sequence: sequence)
        }
        return heads
    }
}
