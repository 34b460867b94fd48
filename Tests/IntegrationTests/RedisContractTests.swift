// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubRedis
import HubTesting
import Testing

/// What every bus promises, kept by Redis in each of its forms.
@Suite("Redis keeps the contract of a bus", .needsRedis, .tags(.redis))
struct RedisContractTests {
    private func settings(
        _ addresses: [Int],
        _ delivery: RedisSettings.Delivery,
        _ mode: RedisSettings.Mode = .single
    ) -> RedisSettings {
        var settings = RedisSettings()
        settings.addresses = addresses.map { SocketAddress(host: "127.0.0.1", port: $0) }
        settings.mode = mode
        settings.delivery = delivery
        settings.masterName = "hub"
        return settings
    }

    /// How a cluster carries messages.
    enum ClusterWay: CaseIterable, Sendable {
        case classic
        /// Topics by sharded Pub/Sub, each at the master that has its slot.
        case sharded
        case streams

        var delivery: RedisSettings.Delivery { self == .streams ? .streams : .pubsub }
    }

    /// Words in braces, which alone determine the slot of a name: one for each of a cluster's masters.
    private static let places = ["{b}", "{c}", "{a}"]

    /// The checks that leave the server alone.
    private let checks = BusContract.Check.allCases.filter { !BusContract.Check.faults.contains($0) }

    private func violations(
        of checks: [BusContract.Check],
        _ settings: RedisSettings,
        sharded isSharded: Bool = false,
        faults: BusContract.Faults = BusContract.Faults()
    ) async throws -> [String] {
        var features = BusContract.Features()
        features.keepsMessages = settings.delivery == .streams
        if isSharded {
            (features.names, features.places, features.ordersAcrossTopics) = (.topics, Self.places, false)
        }
        let contract = BusContract(features: features, faults: faults) { loop in
            // Fails only for files of TLS, of which there are none.
            do { return try RedisBus(settings, loop: loop) } catch { preconditionFailure("\(error)") }
        }
        var all: [String] = []
        for check in checks {
            for violation in try await contract.violations(of: check) { all.append("\(check): \(violation)") }
        }
        return all
    }

    @Test("one server", arguments: RedisSettings.Delivery.allCases)
    func single(delivery: RedisSettings.Delivery) async throws {
        let server = try await RedisServer()
        let found = try await violations(of: checks, settings([server.port], delivery))
        #expect(found == [])
        await server.stop()
    }

    @Test("one server that fails", arguments: RedisSettings.Delivery.allCases, BusContract.Check.faults)
    func failing(delivery: RedisSettings.Delivery, check: BusContract.Check) async throws {
        let server = try await RedisServer { $0.keepsData = true }
        let found = try await violations(
            of: [check],
            settings([server.port], delivery),
            faults: faults(of: [server]) {}
        )
        #expect(found == [])
        await server.stop()
    }

    @Test("the master that sentinels name", arguments: RedisSettings.Delivery.allCases)
    func sentinel(delivery: RedisSettings.Delivery) async throws {
        let sentinels = try await RedisSentinels()
        let settings = settings(sentinels.sentinels.map(\.port), delivery, .sentinel)
        let found = try await violations(of: checks, settings)
        #expect(found == [])
        await sentinels.stop()
    }

    @Test("the master that sentinels name, and that fails", arguments: RedisSettings.Delivery.allCases)
    func failingMaster(delivery: RedisSettings.Delivery) async throws {
        // Nobody takes over, as the contract is about a server that is away.
        let sentinels = try await RedisSentinels(replicas: 0, keepsData: true)
        let settings = settings(sentinels.sentinels.map(\.port), delivery, .sentinel)
        let found = try await violations(
            of: BusContract.Check.faults,
            settings,
            faults: faults(of: sentinels.servers) {}
        )
        #expect(found == [])
        await sentinels.stop()
    }

    @Test("a cluster", arguments: ClusterWay.allCases)
    func cluster(way: ClusterWay) async throws {
        let cluster = try await RedisCluster()
        try await expectPlacesApart(cluster)
        let settings = settings(cluster.servers.map(\.port), way.delivery, .cluster)
        let found = try await violations(of: checks, settings, sharded: way == .sharded)
        #expect(found == [])
        for master in try await cluster.masters() {
            let calls = try await master.calls(of: "spublish")
            // A node tries to publish nothing to each shard when it connects, and as a sign of life: some dozens in this run.
            #expect(way == .sharded ? calls > 1000 : calls < 1000, "\(calls) publications to shards")
        }
        await cluster.stop()
    }

    @Test(
        "a cluster that fails: all of it, or where topics have their masters, one of these",
        arguments: ClusterWay.allCases
    )
    func failingCluster(way: ClusterWay) async throws {
        let cluster = try await RedisCluster(hasReplicas: false) {
            $0.keepsData = true
            // No node is given up by the others.
            $0.lines.append("cluster-node-timeout 30000")
        }
        try await expectPlacesApart(cluster)
        let settings = settings(cluster.servers.map(\.port), way.delivery, .cluster)
        let found = try await violations(
            of: BusContract.Check.faults,
            settings,
            sharded: way == .sharded,
            faults: faults(of: cluster.servers, killing: way == .sharded ? [cluster.servers[2]] : nil) {
                try await cluster.waitUntilReady()
            }
        )
        #expect(found == [])
        await cluster.stop()
    }

    /// Expects that the masters of a cluster have a name each.
    private func expectPlacesApart(_ cluster: RedisCluster) async throws {
        var masters: [Int] = []
        for place in Self.places {
            let slot = try await cluster.servers[0].command(["CLUSTER", "KEYSLOT", "gohub:topic/\(place)"]).integer
            masters.append(try await cluster.owner(of: try #require(slot)).port)
        }
        #expect(masters == cluster.servers.prefix(3).map(\.port))
    }

    /// Lets servers fail together.
    ///
    /// - Parameter killed: Those that end, nil for all.
    /// - Parameter waitUntilReady: Returns once they work again.
    private func faults(
        of servers: [RedisServer],
        killing killed: [RedisServer]? = nil,
        waitUntilReady: @escaping BusContract.Faults.Action
    ) -> BusContract.Faults {
        var faults = BusContract.Faults()
        faults.interrupt = {
            for server in killed ?? servers { try await server.kill9() }
        }
        faults.restore = {
            for server in servers { server.thaw() }
            for server in killed ?? servers { try await server.restart() }
            try await waitUntilReady()
        }
        faults.freeze = {
            for server in servers { try await server.freeze() }
        }
        faults.thaw = {
            for server in servers { server.thaw() }
        }
        return faults
    }
}
