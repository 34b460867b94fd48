// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A Redis Cluster of three masters, each with a replica or without.
///
/// A node that is silent for one and a half seconds counts as dead. Until a cluster accepts its first command it takes two
/// seconds by rules of its own.
package final class RedisCluster: Sendable {
    /// How many slots there are.
    package static let slotCount = 16_384

    /// All nodes; the first three were the masters in the beginning, the other three, if any, their replicas in the same order.
    package let servers: [RedisServer]

    /// Starts all, and waits until every node finds the cluster in order.
    ///
    /// - Parameter hasReplicas: False for one that nobody takes over in when a master fails.
    /// - Parameter change: What each node is started with.
    package init(hasReplicas: Bool = true, _ change: (inout RedisServer.Options) -> Void = { _ in }) async throws {
        var options = RedisServer.Options()
        options.lines = [
            "cluster-node-timeout 1500", "cluster-replica-validity-factor 0", "cluster-allow-replica-migration no",
        ]
        change(&options)
        servers = try await RedisGroup.start(Array(repeating: options, count: hasReplicas ? 6 : 3), as: .clusterNode)
        try await assemble()
        try await waitUntilReady()
    }

    /// Ends all of them.
    package func stop() async {
        await RedisGroup.stop(servers)
    }

    // MARK: Questions

    /// All nodes as one of those that run sees them.
    package func nodes() async throws -> [RedisClusterNode] {
        guard let server = servers.first(where: \.isLive) else { throw ProcessFault(.ended, "no node runs") }
        return try await nodes(asSeenBy: server)
    }

    /// All nodes as this one sees them.
    package func nodes(asSeenBy server: RedisServer) async throws -> [RedisClusterNode] {
        let text = try await server.command(["CLUSTER", "NODES"]).text ?? ""
        return text.split(separator: "\n").compactMap { RedisClusterNode(line: $0) }
    }

    /// The nodes that run and are masters, by their slots.
    package func masters() async throws -> [RedisServer] {
        let nodes = try await nodes().filter { $0.isMaster && !$0.hasFailed && !$0.slots.isEmpty }
        return try nodes.sorted { $0.slots[0].lowerBound < $1.slots[0].lowerBound }.map { try server(at: $0.port) }
    }

    /// The master of a slot.
    package func owner(of slot: Int) async throws -> RedisServer {
        let node = try await nodes().first { node in node.slots.contains { $0.contains(slot) } }
        guard let node else { throw ProcessFault(.badReply, "slot \(slot) is nobody's") }
        return try server(at: node.port)
    }

    /// Waits until every node that runs finds the cluster in order, and all of them see the same masters, each with its
    /// replicas as far as those run.
    package func waitUntilReady() async throws {
        _ = try await eventually("a cluster in order", within: .seconds(60)) { () -> Bool? in
            var views: Set<[String]> = []
            for server in servers where server.isLive {
                // Whoever does not answer right now does so later.
                guard let info = try? await clusterInfo(of: server), info["cluster_state"] == "ok",
                    info["cluster_slots_ok"] == "\(Self.slotCount)", info["cluster_known_nodes"] == "\(servers.count)",
                    let replication = try? await server.info("replication"),
                    replication["role"] == "master" || replication["master_link_status"] == "up",
                    let nodes = try? await nodes(asSeenBy: server)
                else { return nil }
                views.insert(nodes.map(\.place).sorted())
                let live = nodes.filter { node in servers.contains { $0.port == node.port && $0.isLive } }
                guard live.allSatisfy({ !$0.hasFailed && $0.isLinked }) else { return nil }
            }
            return views.count == 1 ? true : nil
        }
    }

    // MARK: Events

    /// Makes a slot's owner send those who ask for what it has not to the node that takes the slot over.
    ///
    /// ``finishMove(of:to:)`` has to follow.
    package func beginMove(of slot: Int, to target: RedisServer) async throws {
        let source = try await owner(of: slot)
        let targetID = try await id(of: target)
        let sourceID = try await id(of: source)
        try await target.command(["CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", sourceID])
        try await source.command(["CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", targetID])
    }

    /// Moves the slot's keys and gives it to its new owner, and waits until every node knows.
    package func finishMove(of slot: Int, to target: RedisServer) async throws {
        let source = try await owner(of: slot)
        while true {
            let keys = try await source.command(["CLUSTER", "GETKEYSINSLOT", "\(slot)", "100"]).texts
            if keys.isEmpty { break }
            let login = ["AUTH2", RedisServer.fixtureUser, "any"]
            try await source.command(
                ["MIGRATE", "127.0.0.1", "\(target.port)", "", "0", "5000"] + login + ["KEYS"] + keys
            )
        }
        let targetID = try await id(of: target)
        for server in [target, source] {
            try await server.command(["CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID])
        }
        _ = try await eventually("every node to know the owner of slot \(slot)") { () -> Bool? in
            for server in servers where server.isLive {
                let node = try await nodes(asSeenBy: server).first { $0.id == targetID }
                guard node?.slots.contains(where: { $0.contains(slot) }) == true else { return nil }
            }
            return true
        }
    }

    /// Gives a slot with its keys to another master.
    package func moveSlot(_ slot: Int, to target: RedisServer) async throws {
        try await beginMove(of: slot, to: target)
        try await finishMove(of: slot, to: target)
    }

    /// Kills the master of a slot, and waits until a replica has taken over and every node knows.
    ///
    /// - Returns: The one that was killed, and the one that is the master now.
    @discardableResult
    package func killMaster(ofSlot slot: Int = 0) async throws -> (killed: RedisServer, successor: RedisServer) {
        let killed = try await owner(of: slot)
        try await killed.kill9()
        let successor = try await eventually("a successor of the master", within: .seconds(60)) {
            let owner = try? await owner(of: slot)
            return owner?.port == killed.port ? nil : owner
        }
        try await waitUntilReady()
        return (killed, successor)
    }

    // MARK: Helpers

    private func server(at port: Int) throws(ProcessFault) -> RedisServer {
        guard let server = servers.first(where: { $0.port == port }) else {
            throw ProcessFault(.badReply, "port \(port) is none of the cluster")
        }
        return server
    }

    private func id(of server: RedisServer) async throws -> String {
        try await server.command(["CLUSTER", "MYID"]).text ?? ""
    }

    private func clusterInfo(of server: RedisServer) async throws -> [String: String] {
        let text = try await server.command(["CLUSTER", "INFO"]).text ?? ""
        return RedisServer.fields(of: text[...], separator: "\r\n", between: ":")
    }

    private func assemble() async throws {
        // Epochs of their own, so that no two of them ever have to agree; taken only by nodes that know nobody.
        for (index, server) in servers.enumerated() {
            try await server.command(["CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)"])
        }
        for (index, server) in servers.enumerated() {
            if index < 3 {
                let first = Self.slotCount * index / 3
                let last = Self.slotCount * (index + 1) / 3 - 1
                try await server.command(["CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)"])
            }
            // Each meets those after it: faster than to wait until word has got around.
            for other in servers.dropFirst(index + 1) {
                try await server.command(
                    ["CLUSTER", "MEET", "127.0.0.1", "\(other.port)", "\(other.ports.bus ?? 0)"]
                )
            }
        }
        for (replica, master) in zip(servers.dropFirst(3), servers) {
            let masterID = try await id(of: master)
            _ = try await eventually("a replica to know its master") { () -> Bool? in
                guard try await nodes(asSeenBy: replica).contains(where: { $0.id == masterID && $0.isLinked }) else {
                    return nil
                }
                return (try? await replica.command(["CLUSTER", "REPLICATE", masterID])) == nil ? nil : true
            }
        }
    }
}
