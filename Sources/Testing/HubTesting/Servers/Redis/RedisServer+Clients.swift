// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension RedisServer {
    /// Kinds of clients, in the words of `CLIENT KILL`.
    package enum ClientKind: String, Sendable {
        case normal
        /// Those that have a subscription.
        case pubsub
    }

    /// How many clients are connected, without the fixture itself, replicas and a master.
    package var clientCount: Int {
        get async throws { try await clients().count }
    }

    /// What `CLIENT LIST` says of each of them.
    package func clients() async throws -> [[String: String]] {
        let lines = try await command(["CLIENT", "LIST"]).text?.split(separator: "\n") ?? []
        return lines.map { Self.fields(of: $0, separator: " ", between: "=") }.filter { client in
            client["user"] != Self.fixtureUser && !(client["flags"]?.contains { $0 == "S" || $0 == "M" } ?? false)
        }
    }

    /// Channels that somebody has subscribed to by name.
    package func pubsubChannels(matching pattern: String = "*") async throws -> Set<String> {
        Set(try await command(["PUBSUB", "CHANNELS", pattern]).texts)
    }

    /// The same of shard channels, which a node of a cluster has of its own.
    package func shardChannels(matching pattern: String = "*") async throws -> Set<String> {
        Set(try await command(["PUBSUB", "SHARDCHANNELS", pattern]).texts)
    }

    /// Closes the connections of such clients.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func killClients(type kind: ClientKind) async throws -> Int {
        try await command(["CLIENT", "KILL", "TYPE", kind.rawValue]).integer ?? 0
    }

    /// Gives the default user another password, or none, also after a restart; who is logged in stays so.
    package func setPassword(_ password: String?) async throws {
        try await command(["CONFIG", "SET", "requirepass", password ?? ""])
        try await command(["CONFIG", "REWRITE"])
    }

    /// What `INFO` says of a section, by its names.
    package func info(_ section: String) async throws -> [String: String] {
        let text = try await command(["INFO", section]).text ?? ""
        return Self.fields(of: text[...], separator: "\r\n", between: ":")
    }

    /// How many times a command was called.
    package func calls(of command: String) async throws -> Int {
        let statistics = try await info("commandstats")["cmdstat_\(command)"] ?? ""
        return Self.fields(of: statistics[...], separator: ",", between: "=")["calls"].flatMap { Int($0) } ?? 0
    }

    static func fields(of text: Substring, separator: Character, between: Character) -> [String: String] {
        let pairs = text.split(separator: separator).compactMap { field -> (String, String)? in
            let parts = field.split(separator: between, maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
