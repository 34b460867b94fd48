// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension NATSServer {
    /// Somebody who may log in.
    package struct User: Sendable {
        /// How the server knows them.
        package enum Identity: Sendable {
            case password(name: String, password: String)
            /// The public half of a key, which begins with `U`.
            case key(String)
        }

        package let identity: Identity
        package let permissions: Permissions

        /// Describes a user with a password.
        package init(_ name: String, password: String, permissions: Permissions = Permissions()) {
            identity = .password(name: name, password: password)
            self.permissions = permissions
        }

        /// Describes a user who signs what the server sends with a key.
        package init(publicKey: String, permissions: Permissions = Permissions()) {
            identity = .key(publicKey)
            self.permissions = permissions
        }
    }

    /// To what a user may publish and subscribe, in subjects with wildcards.
    package struct Permissions: Sendable {
        /// Nil for everything that is not denied.
        package var publish: [String]?
        package var deniesPublish: [String]
        /// Nil for everything that is not denied.
        package var subscribe: [String]?
        package var deniesSubscribe: [String]

        /// Everything is allowed unless something is said.
        package init(
            publish: [String]? = nil,
            deniesPublish: [String] = [],
            subscribe: [String]? = nil,
            deniesSubscribe: [String] = []
        ) {
            self.publish = publish
            self.deniesPublish = deniesPublish
            self.subscribe = subscribe
            self.deniesSubscribe = deniesSubscribe
        }
    }

    /// What JetStream may use.
    package struct JetStream: Sendable {
        /// Where streams are kept; nil for a directory of the fixture, which stays over a restart and goes with the fixture.
        package var storeDirectory: String?
        /// In bytes.
        package var maxMemory = 64 << 20
        /// In bytes.
        package var maxFile = 256 << 20
        /// Limits of what clients may ask for, such as `max_request_batch: 10`.
        package var limits: [String] = []

        /// The limits of a test that stores little.
        package init() {}
    }

    /// What a test may choose before the start, and change with ``rewrite(_:)``.
    package struct Options: Sendable {
        /// Who may connect; with nobody in it, and no token, anybody may.
        package var users: [User] = []
        /// What lets in those who know it; not together with users.
        package var token: String?
        /// Who has signed what users log in with; not together with users and a token.
        package var `operator`: NATSOperator?
        /// With it clients have to speak TLS on the one port there is, after the server's first line.
        package var tls: ServerTLS?
        /// Nil for a server without JetStream.
        package var jetStream: JetStream?
        /// How long a write to a client may take before it counts as slow and is disconnected.
        package var writeDeadline: Duration?
        /// How long a payload may be, in bytes.
        package var maxPayload: Int?
        /// How many bytes may wait for a client before it counts as slow and is disconnected.
        package var maxPending: Int?
        /// How often clients are asked whether they are there.
        package var pingInterval: Duration?
        /// How long clients stay connected after they were told that the server is about to end.
        package var lameDuckGrace: Duration?
        /// More lines of the configuration.
        package var lines: [String] = []

        /// The options of a server that anybody may use and that keeps nothing.
        package init() {}
    }

    /// The configuration file.
    static func configuration(_ options: Options, _ place: Place, in directory: String) -> String {
        var lines = [
            "server_name: \(quoted(place.name))", "listen: \"127.0.0.1:\(place.port)\"",
            "http: \"127.0.0.1:\(place.monitoringPort)\"",
        ]
        if let token = options.token { lines.append("authorization: {token: \(quoted(token))}") }
        if !options.users.isEmpty {
            lines.append("authorization: {users: [\n  \(options.users.map(text).joined(separator: "\n  "))\n]}")
        }
        if let trusted = options.operator { lines += trusted.lines }
        if let tls = options.tls {
            lines.append(
                "tls: {cert_file: \(quoted(tls.certificate)), key_file: \(quoted(tls.key)), "
                    + "ca_file: \(quoted(tls.authority)), verify: \(tls.asksForCertificates)}"
            )
        }
        if let jetStream = options.jetStream {
            let store = jetStream.storeDirectory ?? "\(directory)/store"
            let limits = jetStream.limits.isEmpty ? "" : ", limits: {\(jetStream.limits.joined(separator: ", "))}"
            lines.append(
                "jetstream: {store_dir: \(quoted(store)), max_mem: \(jetStream.maxMemory), "
                    + "max_file: \(jetStream.maxFile)\(limits)}"
            )
        }
        if let cluster = place.cluster {
            let routes = cluster.routes.map { quoted("nats-route://127.0.0.1:\($0)") }.joined(separator: ", ")
            lines.append(
                "cluster: {name: \(quoted(cluster.name)), listen: \"127.0.0.1:\(cluster.port)\", routes: [\(routes)]}"
            )
        }
        if let limit = options.writeDeadline { lines.append("write_deadline: \(text(limit))") }
        if let count = options.maxPayload { lines.append("max_payload: \(count)") }
        if let count = options.maxPending { lines.append("max_pending: \(count)") }
        if let interval = options.pingInterval { lines.append("ping_interval: \(text(interval))") }
        if let grace = options.lameDuckGrace { lines.append("lame_duck_grace_period: \(text(grace))") }
        return (lines + options.lines).joined(separator: "\n") + "\n"
    }

    /// A value as the configuration takes it, whatever is in it.
    package static func quoted(_ value: String) -> String {
        let escaped = value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }

    private static func text(_ user: User) -> String {
        var fields: [String]
        switch user.identity {
        case .password(let name, let password): fields = ["user: \(quoted(name))", "password: \(quoted(password))"]
        case .key(let publicKey): fields = ["nkey: \(quoted(publicKey))"]
        }
        let permissions = user.permissions
        let rules = [
            text("publish", allowed: permissions.publish, denied: permissions.deniesPublish),
            text("subscribe", allowed: permissions.subscribe, denied: permissions.deniesSubscribe),
        ].compactMap(\.self)
        if !rules.isEmpty { fields.append("permissions: {\(rules.joined(separator: ", "))}") }
        return "{\(fields.joined(separator: ", "))}"
    }

    /// Nil when all is allowed.
    private static func text(_ name: String, allowed: [String]?, denied: [String]) -> String? {
        let lists = [("allow", allowed), ("deny", denied.isEmpty ? nil : denied)].compactMap { name, subjects in
            subjects.map { "\(name): [\($0.map(quoted).joined(separator: ", "))]" }
        }
        return lists.isEmpty ? nil : "\(name): {\(lists.joined(separator: ", "))}"
    }

    private static func text(_ duration: Duration) -> String { "\"\(Int(duration / .microseconds(1)))us\"" }
}
