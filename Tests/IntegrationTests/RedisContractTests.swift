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
        var faults = BusContract.Faults()
        faults.interrupt = { try await server.kill9() }
        faults.restore = { try await server.restart() }
        faults.freeze = { try await server.freeze() }
        faults.thaw = { server.thaw() }
        let found = try await violations(of: [check], settings([server.port], delivery), faults: faults)
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

    @Test("a cluster", arguments: ClusterWay.allCases)
    func cluster(way: ClusterWay) async throws {
        let cluster = try await RedisCluster()
        try await expectPlacesApart(cluster)
        let settings = settings(cluster.servers.map(\.port), way.delivery, .cluster)
        let found = try await violations(of: checks, settings, sharded: way == .sharded)
        #expect(found == [])
        for master in try await cluster.masters() {
            let calls = try await master.calls(of: "spublish")
            #expect(way == .sharded ? calls > 1000 : calls < 1000, "\(calls) publications to shards")
        }
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
}
