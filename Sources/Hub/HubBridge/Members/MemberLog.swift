// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLog

/// Tells which other nodes come and go, and what is wrong with them; whatever is on the bus, no more than a few lines a second.
struct MemberLog {
    private let logger: Logger
    private let joins: LogLimit
    private let leaves: LogLimit
    private let silences: LogLimit
    private let tooMany: LogLimit
    private let otherWays: LogLimit
    private let namesakes: LogLimit
    private let sharedTags: LogLimit

    init(_ logger: Logger, clock: @escaping @Sendable () -> UInt64) {
        self.logger = logger
        // Many nodes may start together, or be cut off together.
        func events() -> LogLimit { LogLimit(burst: 16, clock: clock) }
        (joins, leaves, silences) = (events(), events(), events())
        // These last.
        func faults() -> LogLimit { LogLimit(every: .seconds(10), clock: clock) }
        (tooMany, otherWays, namesakes, sharedTags) = (faults(), faults(), faults(), faults())
    }

    /// Tells that a node has come.
    ///
    /// - Parameter nodes: How many there are now, this one included; the same in all methods below.
    func joined(_ record: NodeRecord, nodes: Int) {
        logger.log(.info, limit: joins, "a node joined", describe(record, nodes))
    }

    func left(_ record: NodeRecord, nodes: Int) {
        logger.log(.info, limit: leaves, "a node left", describe(record, nodes))
    }

    func silent(_ record: NodeRecord, nodes: Int) {
        logger.warning(limit: silences, "a node is silent, and counts as gone", describe(record, nodes))
    }

    func ignored(_ record: NodeRecord, nodes: Int) {
        logger.warning(
            limit: tooMany,
            "there are more nodes than a node can know; this one is ignored",
            describe(record, nodes)
        )
    }

    /// Nodes that publish by different ways of the bus do not hear each other, or one does not hear the other.
    func anotherWay(_ record: NodeRecord, _ way: String, nodes: Int) {
        logger.warning(
            limit: otherWays,
            "a node publishes by another way, so that not all messages of its clients, or of these here, reach the others; "
                + "set all nodes up alike, and restart them after the servers have changed",
            describe(record, nodes) + [LogField("publications", way), LogField("its_publications", record.way)]
        )
    }

    func sameName(_ record: NodeRecord, nodes: Int) {
        logger.log(
            .error,
            limit: namesakes,
            "another node has this node's name: requests reach both; give each node a hub.node_id of its own",
            describe(record, nodes)
        )
    }

    func sharedTag(_ tag: UInt16) {
        logger.warning(
            limit: sharedTags,
            "more nodes have one tag than are asked for a client; unicasts to clients of the others fail",
            [LogField("tag", Int(tag)), LogField("asked", Membership.askedLimit)]
        )
    }

    private func describe(_ record: NodeRecord, _ nodes: Int) -> [LogField] {
        var fields = [LogField("member", record.id), LogField("version", record.version)]
        // One that starts has none yet.
        if !record.admin.isEmpty { fields.append(LogField("admin", record.admin)) }
        return fields + [LogField("nodes", nodes)]
    }
}
