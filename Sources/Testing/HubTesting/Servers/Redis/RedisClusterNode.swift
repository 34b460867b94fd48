// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A node of a cluster, as another node sees it.
package struct RedisClusterNode: Sendable, Equatable {
    package let id: String
    package let port: Int
    package let busPort: Int
    package let isMaster: Bool
    /// Whether the one who was asked, or all of them, take it for dead.
    package let hasFailed: Bool
    /// The id of the master that it follows; nil for a master.
    package let masterID: String?
    /// Whether the one who was asked has a connection to it.
    package let isLinked: Bool
    /// In rising order; empty for a replica.
    package let slots: [ClosedRange<Int>]

    /// Who has what, without what changes by itself.
    var place: String { "\(id) \(isMaster ? "\(slots)" : masterID ?? "-")" }

    /// Reads a line of `CLUSTER NODES`; nil when it is not one.
    init?(line: Substring) {
        let words = line.split(separator: " ")
        guard words.count >= 8 else { return nil }
        // `127.0.0.1:7000@17000`, and behind a comma the host's name.
        let address = words[1].prefix { $0 != "," }.split(separator: ":").last?.split(separator: "@") ?? []
        guard address.count == 2, let port = Int(address[0]), let busPort = Int(address[1]) else { return nil }
        let flags = words[2].split(separator: ",")
        id = String(words[0])
        self.port = port
        self.busPort = busPort
        isMaster = flags.contains("master")
        hasFailed = flags.contains("fail") || flags.contains("fail?") || flags.contains("handshake")
        masterID = words[3] == "-" ? nil : String(words[3])
        isLinked = words[7] == "connected"
        // `[5->-id]` and `[5-<-id]` are slots on their way.
        slots = words.dropFirst(8).filter { $0.first != "[" }.compactMap { word in
            let ends = word.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            return first...last
        }
    }
}
