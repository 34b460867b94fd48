// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension RedisServer {
    /// Somebody who may log in beside the default user.
    package struct User: Sendable {
        package let name: String
        package let password: String
        /// What they may do, in the words of `ACL SETUSER`: `~*` keys, `&room:*` channels, `+publish` commands.
        package let rights: String

        /// Describes a user.
        package init(_ name: String, password: String, rights: String = "~* &* +@all") {
            self.name = name
            self.password = password
            self.rights = rights
        }
    }

    /// What a test may choose before the start.
    package struct Options: Sendable {
        /// That of the default user, and of replicas at their master; nil for none.
        package var password: String?
        package var users: [User] = []
        /// Whether data is kept over a restart, and over ``RedisServer/kill9()``.
        package var keepsData = false
        /// For a second port, that speaks TLS.
        package var tls: ServerTLS?
        /// In the words of the configuration: `pubsub 1mb 0 0`, `normal 0 0 0`.
        package var outputBufferLimits: [String] = []
        /// More lines of the configuration.
        package var lines: [String] = []

        /// The options of a server without a password that keeps nothing.
        package init() {}
    }

    /// What a server is started as.
    enum Kind: Sendable {
        case alone
        case sentinel
        case clusterNode
    }

    /// The name by which the fixture logs in, whatever the test does with other users.
    static let fixtureUser = "gohub-fixture"

    /// The configuration file.
    static func configuration(_ options: Options, _ kind: Kind, _ ports: Ports, in directory: String) -> String {
        var lines = [
            "bind 127.0.0.1", "port \(ports.plain)", "dir \(quoted(directory))",
            "unixsocket \(quoted(directory + "/control"))", "user \(fixtureUser) on nopass ~* &* +@all",
            // Looks around more often than by itself, for short waits at the end and for clients that time out.
            "hz 100",
        ]
        for user in options.users {
            lines.append("user \(quoted(user.name)) on \(quoted(">" + user.password)) \(user.rights)")
        }
        if let password = options.password { lines.append("requirepass \(quoted(password))") }
        if kind != .sentinel {
            lines += [
                "save \"\"", "appendonly \(options.keepsData ? "yes" : "no")", "enable-debug-command yes",
                // Whoever stops a master in a test does not want to wait for its replicas.
                "shutdown-timeout 0", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1",
            ]
            if let password = options.password { lines.append("masterauth \(quoted(password))") }
        }
        if let port = ports.tls, let tls = options.tls {
            lines += [
                "tls-port \(port)", "tls-cert-file \(quoted(tls.certificate))", "tls-key-file \(quoted(tls.key))",
                "tls-ca-cert-file \(quoted(tls.authority))",
                "tls-auth-clients \(tls.asksForCertificates ? "yes" : "no")",
            ]
        }
        if let port = ports.bus {
            lines += ["cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-port \(port)"]
        }
        lines += options.outputBufferLimits.map { "client-output-buffer-limit \($0)" }
        return (lines + options.lines).joined(separator: "\n") + "\n"
    }

    /// A value as the configuration takes it, whatever is in it.
    static func quoted(_ value: String) -> String {
        let escaped = value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }
}
