// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// Three NATS servers, each with a route to the others, with JetStream or without.
///
/// With JetStream they elect a leader, which takes a second or two, and some seconds more after one was killed.
package final class NATSCluster: Stoppable, Sendable {
    package let servers: [NATSServer]

    /// Starts all, and waits until they have found each other and, with JetStream, a leader.
    ///
    /// - Parameter change: What each server is started with; streams are kept in a directory of each.
    package init(_ change: (inout NATSServer.Options) -> Void = { _ in }) async throws {
        var options = NATSServer.Options()
        change(&options)
        servers = try await FreePorts.take(9) { [options] ports in
            let routes = Array(ports[6..<9])
            let places = (0..<3).map { index in
                NATSServer.Place(
                    port: ports[index],
                    monitoringPort: ports[3 + index],
                    // Names of clusters differ as those of servers do, so that two never mix.
                    cluster: .init(name: "gohub-test-\(routes[0])", port: routes[index], routes: routes)
                )
            }
            return try await Self.start(options, at: places)
        }
        try await waitUntilReady()
    }

    /// Ends all of them.
    package func stop() async {
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.stop() } }
        }
    }

    // MARK: Questions

    /// Waits until all that run have routes to each other and, with JetStream, agree on a leader that has them in step.
    ///
    /// With JetStream two of three have to run.
    package func waitUntilReady() async throws {
        _ = try await eventually("a cluster in order", within: .seconds(60)) { () -> Bool? in
            let live = servers.filter(\.isLive)
            var ids: Set<String> = []
            var known: [Set<String>] = []
            for server in live {
                // Whoever does not answer right now does so later.
                guard let id = try? await server.monitoring("/varz")["server_id"]?.string,
                    let routes = try? await server.monitoring("/routez")["routes"]?.array
                else { return nil }
                ids.insert(id)
                known.append(Set(routes.compactMap { $0["remote_id"]?.string } + [id]))
            }
            guard known.allSatisfy({ $0.isSuperset(of: ids) }) else { return nil }
            return try await hasLeader(of: live) ? true : nil
        }
    }

    /// Waits until each server knows of all subscriptions that the others have confirmed until now.
    ///
    /// A server tells the others of subscriptions one after the other, so it is enough that they know of a later one.
    package func waitUntilInterestsSpread() async throws {
        let live = servers.filter(\.isLive)
        for listener in live {
            let receiver = try await listener.client()
            let subject = "fixture.\(UInt64.random(in: .min ... .max))"
            try await receiver.subscribe("\(subject).*")
            for server in live where server !== listener {
                let sender = try await server.client()
                // Others' messages may still come, of which there were more than one.
                _ = try await eventually("a subscription to get around") { () -> Bool? in
                    try await sender.publish("\(subject).\(server.name)", "x")
                    try await sender.flush()
                    while let message = try? await receiver.next(within: .milliseconds(20)) {
                        if message.subject.hasSuffix(server.name) { return true }
                    }
                    return nil
                }
            }
        }
    }

    /// The leader of JetStream, as those that run agree; nil while they do not, or without JetStream.
    package func leader() async throws -> NATSServer? {
        var names: Set<String?> = []
        for server in servers where server.isLive {
            names.insert(try? await server.monitoring("/jsz")["meta_cluster"]?["leader"]?.string)
        }
        guard names.count == 1, let name = names.first else { return nil }
        return servers.first { $0.isLive && $0.name == name }
    }

    /// The server that leads a stream; nil while there is none.
    package func leader(ofStream name: String) async throws -> NATSServer? {
        for server in servers where server.isLive {
            // Each that has a copy names the leader it knows; only the leader names itself for sure.
            let stream = try? await server.stream(name)
            if stream?["cluster"]?["leader"]?.string == server.name { return server }
        }
        return nil
    }

    /// Whether the copies of a stream differ for good while nobody publishes, as those of nats-server 2.9 may after all servers
    /// were killed at once (nats-server#4174).
    package func hasParted(_ name: String) async throws -> Bool {
        do {
            _ = try await eventually("the copies of \(name) to be the same", within: .seconds(5)) { () -> Bool? in
                var ends: [[JSONTree?]] = []
                for server in servers where server.isLive {
                    let state = try await server.stream(name)?["state"]
                    ends.append([state?["last_seq"], state?["last_ts"]])
                }
                return ends.allSatisfy { $0 == ends.first } ? true : nil
            }
            return false
        } catch let fault as ProcessFault where fault.code == .timedOut {
            return true
        }
    }

    private func hasLeader(of live: [NATSServer]) async throws -> Bool {
        guard live.contains(where: { $0.options.jetStream != nil }) else { return true }
        for server in live {
            guard await server.isHealthy else { return false }
        }
        guard let leader = try await leader(),
            let replicas = try? await leader.monitoring("/jsz")["meta_cluster"]?["replicas"]?.array
        else { return false }
        // A stream is given to members that the leader takes for present.
        let present = replicas.filter { $0["current"] == .boolean(true) && $0["offline"] != .boolean(true) }
        let names = Set(present.compactMap { $0["name"]?.string } + [leader.name])
        return names.isSuperset(of: live.map(\.name))
    }

    private static func start(_ options: NATSServer.Options, at places: [NATSServer.Place]) async throws -> [NATSServer]
    {
        try await withThrowingTaskGroup(of: (Int, NATSServer).self) { group in
            for (index, place) in places.enumerated() {
                var options = options
                if let store = options.jetStream?.storeDirectory {
                    options.jetStream?.storeDirectory = "\(store)/\(index)"
                }
                group.addTask { [options] in (index, try await NATSServer(options, at: place)) }
            }
            var servers: [(Int, NATSServer)] = []
            for try await server in group { servers.append(server) }
            return servers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

/// Runs a body with a cluster, and stops its servers whatever happens.
package func withNATSCluster<Result>(
    _ change: (inout NATSServer.Options) -> Void = { _ in },
    _ body: (NATSCluster) async throws -> Result
) async throws -> Result {
    try await NATSCluster(change).whileRunning(body)
}
