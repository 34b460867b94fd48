// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLog
import HubLoop
import HubMetrics
import HubNATS
import HubTesting
import Synchronization
import Testing

/// What every bus promises, kept by NATS in each of its forms.
@Suite("NATS keeps the contract of a bus", .needsNATS, .tags(.nats))
struct NATSContractTests {
    /// The checks that leave the server alone.
    private static let checks = BusContract.Check.allCases.filter { !BusContract.Check.faults.contains($0) }

    /// Kept, as metrics do not keep their registry.
    private static let registry = Registry()
    private static let metrics = NATSMetrics(registry, fixed: FixedBusMetrics(registry))

    /// Core NATS, or a stream of JetStream.
    enum Way: CaseIterable, Sendable {
        case core, jetStream
    }

    private func violations(
        of check: BusContract.Check,
        _ way: Way,
        at servers: [NATSServer],
        faults: BusContract.Faults = BusContract.Faults(),
        spread: BusContract.Faults.Action? = nil
    ) async throws -> [BusContract.Violation] {
        var features = BusContract.Features()
        // With JetStream a header has some of what the server takes.
        features.maxPayload = way == .core ? 1 << 20 : (1 << 20) - 60
        features.keepsMessages = way == .jetStream
        features.names = way == .core ? .inboxes : .topics
        let addresses = servers.map { SocketAddress(host: "127.0.0.1", port: $0.port) }
        let count = Counter()
        let contract = BusContract(features: features, faults: faults, spread: spread) { loop in
            var settings = NATSSettings([])
            // Each adapter begins with another server.
            let first = count.next() % addresses.count
            settings.addresses = Array(addresses[first...] + addresses[..<first])
            if way == .jetStream {
                var stream = JetStreamSettings()
                stream.maxBytes = 64 << 20
                stream.replicas = addresses.count
                settings.jetStream = stream
            }
            // Fails only for files of TLS, of which there are none.
            do {
                return try NATSBus(settings, loop: loop, metrics: Self.metrics, logger: Logger())
            } catch {
                preconditionFailure("\(error)")
            }
        }
        return try await contract.violations(of: check)
    }

    /// Lets servers fail together.
    private func faults(
        of servers: [NATSServer],
        waitUntilReady: @escaping BusContract.Faults.Action = {}
    ) -> BusContract.Faults {
        var faults = BusContract.Faults()
        faults.interrupt = {
            // All at once: whoever leaves the first would find the next.
            for server in servers { try await server.freeze() }
            for server in servers { try await server.kill9() }
        }
        faults.restore = {
            for server in servers {
                server.thaw()
                try await server.restart()
            }
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

    private static func prepare(_ way: Way) -> (inout NATSServer.Options) -> Void {
        { if way == .jetStream { $0.jetStream = NATSServer.JetStream() } }
    }

    @Test("one server", arguments: Way.allCases, checks)
    func single(way: Way, check: BusContract.Check) async throws {
        try await withNATSServer(Self.prepare(way)) { server in
            let found = try await violations(of: check, way, at: [server])
            #expect(found == [])
        }
    }

    @Test("one server that fails", arguments: Way.allCases, BusContract.Check.faults)
    func failing(way: Way, check: BusContract.Check) async throws {
        try await withNATSServer(Self.prepare(way)) { server in
            let found = try await violations(of: check, way, at: [server], faults: faults(of: [server]))
            #expect(found == [])
        }
    }

    /// Each node at another server; in turn, as a cluster takes longer to begin than all checks together.
    ///
    /// With core NATS an interest that its server has confirmed is known at the others a moment later: until then what is published
    /// there does not reach it, as the bus delivers once at the most.
    @Test("a cluster of three, once what was confirmed is known at all servers", arguments: Way.allCases)
    func cluster(way: Way) async throws {
        try await withNATSCluster(Self.prepare(way)) { cluster in
            for check in Self.checks {
                let found = try await violations(of: check, way, at: cluster.servers, spread: spread(way, cluster))
                #expect(found == [], "\(check)")
            }
        }
    }

    @Test("a cluster that fails, all of it", arguments: Way.allCases, BusContract.Check.faults)
    func failingCluster(way: Way, check: BusContract.Check) async throws {
        let attempts = 3
        for attempt in 1...attempts {
            let isOver = try await withNATSCluster(Self.prepare(way)) { cluster in
                let faults = faults(of: cluster.servers) { try await cluster.waitUntilReady() }
                let spread = spread(way, cluster)
                let found = try await violations(of: check, way, at: cluster.servers, faults: faults, spread: spread)
                // A consumer at a copy that has parted from the others brings nothing, whoever reads it; a node's link makes
                // another one then, which the adapter alone does not.
                if found != [], attempt < attempts, try await cluster.hasParted("GOHUB_BUS") { return false }
                #expect(found == [])
                return true
            }
            if isOver { return }
        }
    }

    /// How to wait until what was confirmed is known at all servers; nil where the stream brings it.
    private func spread(_ way: Way, _ cluster: NATSCluster) -> BusContract.Faults.Action? {
        guard way == .core else { return nil }
        return { try await cluster.waitUntilInterestsSpread() }
    }
}

/// Counts from 0.
private final class Counter: Sendable {
    private let value = Atomic(0)

    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
}
