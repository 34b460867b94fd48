// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

extension NATSServer {
    /// A client as the server sees it.
    package struct Connection: Sendable {
        /// What the client calls itself; ``NATSTestClient`` is `gohub-fixture` unless told otherwise.
        package let name: String
        /// The user or public key that it has logged in with; nil when nobody has to.
        package let user: String?
        /// The subjects of its subscriptions, in order.
        package let subscriptions: [String]
        /// How many bytes wait to be written to it.
        package let pendingBytes: Int
    }

    /// Asks a path of its monitoring port.
    ///
    /// - Parameter path: With its query, such as `/connz?subs=1`.
    /// - Throws: ``FileFault`` when it does not answer, ``ProcessFault`` `.badReply` when it does not know the path.
    package func monitoring(_ path: String) async throws -> JSONTree {
        let reply = try await LoopbackHTTP.get(port: monitoringPort, path)
        guard reply.status == 200 else { throw ProcessFault(.badReply, "\(path): \(reply.status) \(reply.text)") }
        return try JSONTree(parsing: reply.body)
    }

    /// All clients, without the other members of a cluster, in the order in which they came.
    package func connections() async throws -> [Connection] {
        (try await monitoring("/connz?subs=1&auth=1")["connections"]?.array ?? []).map { entry in
            Connection(
                name: entry["name"]?.string ?? "",
                user: entry["authorized_user"]?.string,
                subscriptions: (entry["subscriptions_list"]?.array ?? []).compactMap(\.string).sorted(),
                pendingBytes: Int(entry["pending_bytes"]?.number ?? 0)
            )
        }
    }

    /// How many clients were disconnected because they read too slowly.
    package var slowConsumers: Int {
        get async throws { Int(try await monitoring("/varz")["slow_consumers"]?.number ?? 0) }
    }

    /// A stream with its `config`, `state`, `cluster` and, under `consumer_detail`, its consumers; nil when there is none.
    ///
    /// A member of a cluster knows those that it has a copy of.
    package func stream(_ name: String) async throws -> JSONTree? {
        let accounts = try await monitoring("/jsz?streams=1&consumers=1&config=1")["account_details"]?.array ?? []
        return accounts.flatMap { $0["stream_detail"]?.array ?? [] }.first { $0["name"]?.string == name }
    }

    /// Whether it finds itself in order; with JetStream that takes until it has recovered its streams, and in a cluster until
    /// it knows a leader.
    package var isHealthy: Bool {
        get async { await Self.isHealthy(at: place) }
    }

    static func isHealthy(at place: Place) async -> Bool {
        await LoopbackHTTP.isOK(port: place.monitoringPort, "/healthz")
    }
}
