// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A master with its replicas, and three Sentinels that watch over them and agree on who is the master.
///
/// The Sentinels look around ten times as often as by themselves, and take a master that is silent for a second for dead.
package final class RedisSentinels: Sendable {
    /// By which name the Sentinels know the master.
    package let masterName = "hub"
    /// The master and the replicas; the first was the master in the beginning.
    package let servers: [RedisServer]
    package let sentinels: [RedisServer]

    /// Starts all, and waits until they agree.
    ///
    /// - Parameter password: Of the master and the replicas.
    /// - Parameter sentinelPassword: Of the Sentinels themselves.
    /// - Parameter keepsData: Whether the master and the replicas keep theirs over a restart.
    package init(
        replicas: Int = 1,
        password: String? = nil,
        sentinelPassword: String? = nil,
        keepsData: Bool = false
    ) async throws {
        var options = RedisServer.Options()
        options.password = password
        options.keepsData = keepsData
        let servers = try await RedisGroup.start(Array(repeating: options, count: replicas + 1), as: .alone)
        for replica in servers.dropFirst() {
            try await replica.command(["REPLICAOF", "127.0.0.1", "\(servers[0].port)"])
            try await replica.command(["CONFIG", "REWRITE"])
        }
        var watching = RedisServer.Options()
        watching.password = sentinelPassword
        watching.lines = [
            "sentinel monitor \(masterName) 127.0.0.1 \(servers[0].port) 2",
            "sentinel down-after-milliseconds \(masterName) 1000",
            "sentinel failover-timeout \(masterName) 2000",
            "sentinel parallel-syncs \(masterName) \(max(replicas, 1))",
        ]
        if let password { watching.lines.append("sentinel auth-pass \(masterName) \(RedisServer.quoted(password))") }
        if let sentinelPassword {
            watching.lines.append("sentinel sentinel-pass \(RedisServer.quoted(sentinelPassword))")
        }
        self.servers = servers
        sentinels = try await RedisGroup.start(Array(repeating: watching, count: 3), as: .sentinel)
        try await hurry()
        try await waitForMaster()
    }

    /// Ends all of them.
    package func stop() async {
        // The Sentinels first, or they would begin to act.
        await RedisGroup.stop(sentinels)
        await RedisGroup.stop(servers)
    }

    // MARK: Questions

    /// Who is the master, as the first Sentinel that runs says.
    package func masterAddress() async throws -> (host: String, port: Int) {
        guard let sentinel = sentinels.first(where: \.isLive) else {
            throw ProcessFault(.ended, "no Sentinel runs that could say who is the master")
        }
        let reply = try await sentinel.command(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName]).texts
        guard reply.count == 2, let port = Int(reply[1]) else {
            throw ProcessFault(.badReply, "the address of a master: \(reply)")
        }
        return (reply[0], port)
    }

    /// The server that is the master.
    package func master() async throws -> RedisServer {
        try server(at: await masterAddress().port)
    }

    /// Waits until all that run agree on a master, the replicas follow it, and every Sentinel knows the others.
    ///
    /// - Parameter former: A port that the master must not have.
    @discardableResult
    package func waitForMaster(otherThan former: Int? = nil) async throws -> RedisServer {
        let port = try await eventually("a master that all Sentinels know", within: .seconds(60)) { () -> Int? in
            // Whoever does not answer right now does so later.
            guard let port = try? await masterAddress().port, port != former else { return nil }
            return try await isAgreed(on: port) ? port : nil
        }
        return try server(at: port)
    }

    // MARK: Events

    /// Lets the Sentinels make a replica the master, and waits until all agree on that; both run on.
    ///
    /// - Returns: The new master.
    @discardableResult
    package func failOver() async throws -> RedisServer {
        let former = try await masterAddress().port
        _ = try await eventually("a Sentinel that changes the master") { () -> Bool? in
            do {
                guard let sentinel = sentinels.first(where: \.isLive) else { return nil }
                try await sentinel.command(["SENTINEL", "FAILOVER", masterName])
                return true
            } catch let fault as ProcessFault where fault.code == .badReply {
                // Another change is not over yet, or no replica is good enough yet.
                return nil
            }
        }
        return try await waitForMaster(otherThan: former)
    }

    /// Kills the master and does not wait for what follows; ``waitForMaster(otherThan:)`` does.
    ///
    /// - Returns: The one that was killed.
    @discardableResult
    package func killMaster() async throws -> RedisServer {
        let master = try await master()
        try await master.kill9()
        return master
    }

    /// Stops all, starts all again on the same ports, and waits until they agree.
    package func restartAll() async throws {
        await stop()
        try await RedisGroup.restart(servers)
        try await RedisGroup.restart(sentinels)
        try await hurry()
        try await waitForMaster()
    }

    // MARK: Helpers

    /// Makes the Sentinels look around more often, which no configuration file can.
    private func hurry() async throws {
        let settings = [
            // A replica is good enough when its last answer is not older than five pings; without a master it is asked
            // once a second, whatever stands here.
            "ping-period", "400", "info-period", "200", "ask-period", "100", "publish-period", "200",
            "min-link-reconnect-period", "500", "election-timeout", "2000",
            // A machine that stands still for a moment does not keep them from acting for half a minute.
            "tilt-trigger", "10000", "tilt-period", "1000",
        ]
        for sentinel in sentinels { try await sentinel.command(["SENTINEL", "DEBUG"] + settings) }
    }

    private func server(at port: Int) throws(ProcessFault) -> RedisServer {
        guard let server = servers.first(where: { $0.port == port }) else {
            throw ProcessFault(.badReply, "port \(port) is none of the servers")
        }
        return server
    }

    private func isAgreed(on port: Int) async throws -> Bool {
        var replicas: Set<String> = []
        for server in servers where server.isLive && server.port != port { replicas.insert(String(server.port)) }
        let watching = sentinels.filter(\.isLive)
        guard try server(at: port).isLive else { return false }
        for sentinel in watching {
            guard let master = try? await sentinel.command(["SENTINEL", "MASTER", masterName]).fields,
                master["port"] == "\(port)", master["flags"] == "master",
                master["num-other-sentinels"] == "\(watching.count - 1)",
                let known = try? await sentinel.command(["SENTINEL", "REPLICAS", masterName]).array
            else { return false }
            var following: Set<String> = []
            for replica in known.map(\.fields) where replica["flags"] == "slave" {
                guard replica["master-port"] == String(port), replica["master-link-status"] == "ok" else { continue }
                following.insert(replica["port"] ?? "")
            }
            guard following == replicas else { return false }
        }
        let replication = try? await server(at: port).info("replication")
        return replication?["role"] == "master" && replication?["connected_slaves"] == "\(replicas.count)"
    }
}
