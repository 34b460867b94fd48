// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Finds the key that was meant by a name that no key has: a typing error, a part of a name, or what other servers call it.
package struct KeySynonym: Sendable, Equatable {
    /// The key that was probably meant.
    package let key: ConfigurationKey
    /// The value as this key takes it, if it has to be written in another way than it was given.
    package let value: String?

    package static func == (left: KeySynonym, right: KeySynonym) -> Bool {
        left.key.path == right.key.path && left.value == right.value
    }

    /// What other servers call our keys, and what stands before their value here.
    private static let others: [(names: [String], path: String, prefix: String)] = [
        (["port", "p", "http-port", "ws-port"], "server.addr", ":"),
        (["host", "bind", "listen"], "server.addr", ""),
        (["admin-port", "metrics-port"], "server.admin_addr", ":"),
        (["threads", "workers"], "server.loops", ""),
        (["origins", "cors"], "server.allowed_origins", ""),
        (["verbosity"], "log.level", ""),
        (["name", "node-name"], "hub.node_id", ""),
        (of("bus.redis", addresses + ["urls", "sentinels"]), "bus.redis.addrs", ""),
        (of("bus.redis", ["database"]), "bus.redis.db", ""),
        (of("bus.redis", ["username"]), "bus.redis.user", ""),
        (of("bus.redis", ["password", "auth"]), "bus.redis.password_file", ""),
        (of("bus.redis", ["prefix"]), "bus.redis.key_prefix", ""),
        (of("bus.redis.tls", ["ca"]), "bus.redis.tls.ca_file", ""),
        (of("bus.nats", addresses + ["addrs", "server"]), "bus.nats.urls", ""),
        (of("bus.nats", ["js"]), "bus.nats.jetstream", ""),
        (of("bus.nats", ["prefix", "key-prefix"]), "bus.nats.subject_prefix", ""),
        (of("bus.nats", ["name", "connection-name"]), "bus.nats.client_name", ""),
        (of("bus.nats", ["username"]), "bus.nats.user", ""),
        (of("bus.nats", ["password", "pass"]), "bus.nats.password_file", ""),
        (of("bus.nats", ["token", "auth-token"]), "bus.nats.token_file", ""),
        (of("bus.nats", ["creds", "credentials", "jwt"]), "bus.nats.creds_file", ""),
        (of("bus.nats", ["nkey-seed", "nkey-file", "seed"]), "bus.nats.nkey_seed_file", ""),
        (of("bus.nats", ["reconnect-delay", "reconnect-time-wait"]), "bus.nats.reconnect_wait", ""),
        (of("bus.nats.stream", ["max-messages"]), "bus.nats.stream.max_msgs", ""),
        (of("bus.nats.stream", ["max-size"]), "bus.nats.stream.max_bytes", ""),
        (of("bus.nats.stream", ["num-replicas"]), "bus.nats.stream.replicas", ""),
        (of("bus.nats.stream", ["duplicates", "dedup-window"]), "bus.nats.stream.duplicate_window", ""),
        (of("bus.nats.consumer", ["max-pending"]), "bus.nats.consumer.max_ack_pending", ""),
        (of("bus.nats.tls", ["ca"]), "bus.nats.tls.ca_file", ""),
    ]

    private static let addresses = [
        "addresses", "address", "addr", "url", "hosts", "host", "servers", "nodes", "endpoints",
    ]

    /// Names as they are in a section, written as flags.
    private static func of(_ section: String, _ names: [String]) -> [String] {
        names.map { section.replacing(".", with: "-") + "-" + $0 }
    }

    /// What other servers call the keys of one section, with those keys: `username`, `bus.redis.user`.
    static func names(in section: String) -> [(name: String, key: ConfigurationKey)] {
        let prefix = section.replacing(".", with: "-") + "-"
        return ConfigurationKey.all.filter { $0.section == section }.flatMap { key in
            others.filter { $0.path == key.path }.flatMap(\.names).filter { $0.hasPrefix(prefix) }
                .map { (String($0.dropFirst(prefix.count)).replacing("-", with: "_"), key) }
        }
    }

    /// Looks a name up, written in the manner of any source: `server_port`, `--port`, `PORT`.
    ///
    /// - Parameter given: The value that was given for it, if any.
    package static func meant(by name: String, given: String? = nil) -> KeySynonym? {
        let name = name.lowercased().replacing("_", with: "-").replacing(".", with: "-")
        let last = name.hasPrefix("server-") ? String(name.dropFirst("server-".count)) : name
        func found(_ key: ConfigurationKey, _ value: String?) -> KeySynonym {
            KeySynonym(key: key, value: value.flatMap { $0 != given && key.objections(to: $0).isEmpty ? $0 : nil })
        }
        if let other = others.first(where: { $0.names.contains(last) }),
            let key = ConfigurationKey.all.first(where: { $0.path == other.path })
        {
            return found(key, given.map { other.prefix + $0 })
        }
        for spelling in [\ConfigurationKey.flag, \.shortFlag] {
            if let near = Suggestion.nearest(to: name, among: ConfigurationKey.all.map { $0[keyPath: spelling] }),
                let key = ConfigurationKey.all.first(where: { $0[keyPath: spelling] == near })
            {
                return found(key, given)
            }
        }
        return nil
    }
}

extension ConfigurationKey {
    /// The last part of the path as a flag would have it: `max-connections`.
    fileprivate var shortFlag: String { name.replacing("_", with: "-") }

    /// What is wrong with a value out of the environment or a flag.
    fileprivate func objections(to text: String) -> [ValueProblem] {
        var scratch = Configuration()
        return apply(node(text: text), &scratch)
    }
}
