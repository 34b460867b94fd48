// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// A name on the bus, under the bus's own prefix: whom a message between nodes is for.
///
/// Names are compared byte by byte, as ``HubWire/TopicName`` are.
package struct BusTopic: Hashable, Sendable, CustomStringConvertible {
    /// What a name stands for.
    package enum Kind: Sendable {
        /// Every client of every node.
        case broadcast
        /// The subscribers of one topic of the hub.
        case topic
        /// One client, wherever it is; only programs outside of the hub write to it.
        case unicast
        /// One node's inbox.
        case node
        /// All nodes: who they are.
        case nodes
    }

    /// `broadcast`, `nodes`, or `topic/`, `unicast/` or `node/` and a name.
    package let name: String
    package let kind: Kind

    private init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// Every client of every node.
    package static let broadcast = BusTopic("broadcast", .broadcast)
    /// All nodes.
    package static let nodes = BusTopic("nodes", .nodes)
    /// What the names of single clients begin with.
    package static let unicastPrefix = "unicast/"
    private static let topicPrefix = "topic/"
    private static let nodePrefix = "node/"

    /// The inbox of one node.
    package static func node(_ id: String) -> BusTopic { BusTopic(nodePrefix + id, .node) }

    /// What carries the publications to a topic of the hub.
    package init(_ topic: TopicName) {
        self = topic.isBroadcast ? .broadcast : BusTopic(Self.topicPrefix + topic.text, .topic)
    }

    /// Reads a name as it came from a bus, its prefix and encoding taken off; nil for what is none of ours.
    ///
    /// - Parameter bytes: At most 512 of UTF-8 are a name.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= 512, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        if bytes.begins(with: Self.topicPrefix) {
            self = BusTopic(text, .topic)
        } else if bytes.begins(with: Self.unicastPrefix) {
            self = BusTopic(text, .unicast)
        } else if bytes.begins(with: Self.nodePrefix) {
            self = BusTopic(text, .node)
        } else if text.hasBytes(of: Self.broadcast.name) {
            self = .broadcast
        } else if text.hasBytes(of: Self.nodes.name) {
            self = .nodes
        } else {
            return nil
        }
    }

    /// The topic of the hub that it carries; nil for a client, a node, and what can be no topic.
    package var topicName: TopicName? {
        switch kind {
        case .broadcast: .broadcast
        case .topic: try? TopicName(suffix).publishable()
        case .unicast, .node, .nodes: nil
        }
    }

    /// Whether nothing stands behind the slash: on some buses that names everything, so nothing is published to it.
    package var isEmpty: Bool {
        switch kind {
        case .broadcast, .nodes: false
        case .topic: name.utf8.count == Self.topicPrefix.utf8.count
        case .unicast: name.utf8.count == Self.unicastPrefix.utf8.count
        case .node: name.utf8.count == Self.nodePrefix.utf8.count
        }
    }

    /// What stands behind the slash: a topic's name, a client's id, a node's id.
    package var suffix: String {
        let utf8 = name.utf8
        guard let slash = utf8.firstIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(Substring(utf8[utf8.index(after: slash)...]))
    }

    package static func == (left: BusTopic, right: BusTopic) -> Bool { left.name.hasBytes(of: right.name) }

    package func hash(into hasher: inout Hasher) {
        var name = name
        name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    package var description: String { name }
}
