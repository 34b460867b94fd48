// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension ConfigurationDraft {
    /// Finds values that are right one by one and wrong together; keys with faults of their own are left out.
    mutating func findContradictions() {
        if isFileIncomplete { return }
        let server = configuration.server
        let hub = configuration.hub
        demand(
            hub.pongTimeout <= hub.pingInterval,
            "hub.pong_timeout",
            DurationText.text(hub.pongTimeout),
            "is longer than",
            [("hub.ping_interval", DurationText.text(hub.pingInterval))],
            hint: "a pong is awaited before the next ping"
        )
        demand(
            server.readTimeout > hub.pingInterval + hub.pongTimeout,
            "server.read_timeout",
            DurationText.text(server.readTimeout),
            "is not longer than the sum of",
            [
                ("hub.ping_interval", DurationText.text(hub.pingInterval)),
                ("hub.pong_timeout", DurationText.text(hub.pongTimeout)),
            ],
            hint: "clients that are silent and well would be closed"
        )
        demand(
            hub.messageBufferBytes >= hub.maxMessageBytes,
            "hub.message_buffer_bytes",
            hub.messageBufferBytes.description,
            "is less than",
            [("hub.max_message_bytes", hub.maxMessageBytes.description)],
            hint: "the largest message would never fit into a queue"
        )
        demand(
            server.adminAddr != server.addr || server.addr.hasSuffix(":0"),
            "server.admin_addr",
            server.adminAddr,
            "is the same as",
            [("server.addr", server.addr)],
            hint: "leave it empty to serve both on one address"
        )
        findMissingBus()
        findRedisContradictions()
        findNATSContradictions()
        sortBySource()
    }

    /// A cluster without a bus that connects it: `cluster.enabled` alone means etcd.
    private mutating func findMissingBus() {
        guard configuration.cluster.enabled, !refused.contains("bus.type") else { return }
        let origin = origin(of: "cluster.enabled")
        if let chosen = origins["bus.type"] {
            let type = configuration.bus.type
            note(
                ConfigurationFault(
                    .contradiction,
                    origin,
                    key: "cluster.enabled",
                    "true, but bus.type is \(type.rawValue) (\(chosen)), "
                        + (type == .noop ? "which connects no nodes" : "over which nodes find each other without it"),
                    hint: "without bus.type it means etcd, which is not in this build"
                )
            )
        } else {
            note(
                ConfigurationFault(
                    .notInBuild,
                    origin,
                    key: "cluster.enabled",
                    "true means bus.type etcd, which is not in this build",
                    allowed: "false"
                )
            )
        }
    }

    /// Notes a contradiction between keys, at the first of them that is not at its default.
    mutating func demand(
        _ holds: Bool,
        _ key: String,
        _ value: String,
        _ relation: String,
        _ others: [(key: String, value: String)],
        hint: String
    ) {
        let keys = [key] + others.map(\.key)
        guard !holds, refused.isDisjoint(with: keys) else { return }
        let list = others.map { "\($0.key), \($0.value) (\(origin(of: $0.key)))" }.joined(separator: " and ")
        note(
            ConfigurationFault(
                .contradiction,
                keys.compactMap { origins[$0] }.first ?? .builtIn,
                key: key,
                "\(value) (\(origin(of: key))) \(relation) \(list)",
                hint: hint
            )
        )
    }

    /// Notes one of two keys that is empty while the other is not.
    ///
    /// - Parameter first: A key and its value as ``shown(_:)`` writes it, as is the other.
    mutating func demandBothOrNeither(
        _ first: (key: String, value: String),
        _ second: (key: String, value: String),
        hint: String
    ) {
        for (missing, given) in [(first, second), (second, first)] {
            demand(
                missing.value != shown("") || given.value == shown(""),
                missing.key,
                missing.value,
                "does not go with",
                [given],
                hint: hint
            )
        }
    }

    /// A text for a message.
    func shown(_ text: String) -> String {
        text.isEmpty ? "empty" : Scalar(text: text, style: .quoted).shown
    }

    /// That a file is named, for a message: not its name, in place of which there may be the secret itself.
    func shown(secretFile path: String) -> String { path.isEmpty ? shown("") : "a file" }

    private func origin(of key: String) -> ConfigurationFault.Origin { origins[key] ?? .builtIn }
}
