// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whom a server trusts to say who its users are: it then asks clients for tokens (JWT) that one of its accounts has signed.
package struct NATSOperator: Sendable {
    /// What a user logs in with.
    package struct Credentials: Sendable {
        /// Who the user is and what they may do, signed by the account.
        package let token: String
        /// With which the user proves that the token is theirs.
        package let key: NATSKey

        /// What is in a credentials file.
        package var text: String {
            """
            -----BEGIN NATS USER JWT-----
            \(token)
            ------END NATS USER JWT------

            -----BEGIN USER NKEY SEED-----
            \(key.seed)
            ------END USER NKEY SEED------

            """
        }
    }

    private let account: NATSKey
    /// The lines of a server that trusts it.
    let lines: [String]

    /// Makes an operator with an account for all users and one for the servers themselves.
    package init() throws {
        let issuer = try NATSKey(.operator)
        let system = try NATSKey(.account)
        account = try NATSKey(.account)
        let own = try Self.token(for: issuer, by: issuer) { $0.type("operator") }
        // Without limits of its own an account cannot use JetStream, and that of the servers must not.
        let users = try Self.token(for: account, by: issuer) { $0.type("account", withLimits: true) }
        let servers = try Self.token(for: system, by: issuer) { $0.type("account") }
        lines = [
            "operator: \(own)", "system_account: \(system.publicKey)", "resolver: MEMORY",
            "resolver_preload: {\(account.publicKey): \(users), \(system.publicKey): \(servers)}",
        ]
    }

    /// Issues credentials.
    ///
    /// - Parameter lifetime: Until the token is refused, in whole seconds; nil for ever.
    package func user(
        _ name: String,
        permissions: NATSServer.Permissions = NATSServer.Permissions(),
        lifetime: Duration? = nil
    ) throws -> Credentials {
        let key = try NATSKey(.user)
        let end = lifetime.map { Int(time(nil)) + Int($0 / .seconds(1)) }
        let token = try Self.token(for: key, by: account, named: name, until: end) { writer in
            writer.type("user")
            writer.unlimited(["subs", "data", "payload"])
            writer.rule("pub", allowed: permissions.publish, denied: permissions.deniesPublish)
            writer.rule("sub", allowed: permissions.subscribe, denied: permissions.deniesSubscribe)
        }
        return Credentials(token: token, key: key)
    }

    private static func token(
        for subject: NATSKey,
        by issuer: NATSKey,
        named name: String = "gohub test",
        until end: Int? = nil,
        _ claims: (inout JSONWriter) -> Void
    ) throws -> String {
        var writer = JSONWriter()
        writer.object { writer in
            for (key, value) in [
                ("jti", subject.publicKey), ("iss", issuer.publicKey), ("sub", subject.publicKey), ("name", name),
            ] {
                writer.key(key)
                writer.string(value)
            }
            writer.key("iat")
            writer.integer(Int(time(nil)))
            if let end {
                writer.key("exp")
                writer.integer(end)
            }
            writer.key("nats")
            writer.object(claims)
        }
        let head = NATSKey.base64(#"{"typ":"JWT","alg":"ed25519-nkey"}"#.utf8)
        let signed = "\(head).\(NATSKey.base64(writer.bytes))"
        return "\(signed).\(NATSKey.base64(try issuer.signature(of: signed.utf8)))"
    }
}

extension JSONWriter {
    fileprivate mutating func type(_ type: String, withLimits hasLimits: Bool = false) {
        key("type")
        string(type)
        key("version")
        integer(2)
        guard type == "account" else { return }
        key("limits")
        object { writer in
            writer.unlimited(["subs", "data", "payload", "imports", "exports", "conn", "leaf"])
            if hasLimits { writer.unlimited(["mem_storage", "disk_storage", "streams", "consumer"]) }
            writer.key("wildcards")
            writer.boolean(true)
        }
    }

    fileprivate mutating func unlimited(_ names: [String]) {
        for name in names {
            key(name)
            integer(-1)
        }
    }

    fileprivate mutating func rule(_ name: String, allowed: [String]?, denied: [String]) {
        key(name)
        object { writer in
            for (name, subjects) in [("allow", allowed ?? []), ("deny", denied)] where !subjects.isEmpty {
                writer.key(name)
                writer.array { writer in for subject in subjects { writer.string(subject) } }
            }
        }
    }
}
