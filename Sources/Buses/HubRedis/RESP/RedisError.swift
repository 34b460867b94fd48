// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Why Redis, or the connection to it, did not do what was asked.
package struct RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The closed set of reasons, fit for a metric label.
    package struct Code: Hashable, Sendable, CustomStringConvertible, CaseIterable {
        private enum Kind: String, CaseIterable {
            case authFailed = "auth_failed"
            case badDatabase = "bad_database"
            case badReply = "bad_reply"
            case closed
            case clusterDown = "cluster_down"
            case connectFailed = "connect_failed"
            case full
            case loading
            case noPermission = "no_permission"
            case notMaster = "not_master"
            case outOfMemory = "out_of_memory"
            case redirected
            case refused
            case timedOut = "timed_out"
            case tls
            case tooLarge = "too_large"
            case tooManyClients = "too_many_clients"
            case unavailable
        }

        private let kind: Kind

        /// The user or the password is wrong, or one is needed and none was given, or the other way round.
        package static let authFailed = Code(kind: .authFailed)
        /// The server has no database of that number.
        package static let badDatabase = Code(kind: .badDatabase)
        /// What came is not what Redis answers.
        package static let badReply = Code(kind: .badReply)
        /// The connection has ended, or is not open yet.
        package static let closed = Code(kind: .closed)
        /// The cluster is not whole, or nobody serves the slot.
        package static let clusterDown = Code(kind: .clusterDown)
        /// No connection could be made: no such host, nobody listens, no answer.
        package static let connectFailed = Code(kind: .connectFailed)
        /// More waits to be sent or to be answered than the connection may hold.
        package static let full = Code(kind: .full)
        /// The server still loads its data.
        package static let loading = Code(kind: .loading)
        /// The user may not use the command or the channel.
        package static let noPermission = Code(kind: .noPermission)
        /// The server is a replica and takes no writes.
        package static let notMaster = Code(kind: .notMaster)
        /// The server, or this process, has no memory for it.
        package static let outOfMemory = Code(kind: .outOfMemory)
        /// Another node of the cluster has to be asked; see ``RedisError/redirection``.
        package static let redirected = Code(kind: .redirected)
        /// The server refused for another reason, which the message has.
        package static let refused = Code(kind: .refused)
        /// No answer in the time allowed.
        package static let timedOut = Code(kind: .timedOut)
        /// The server's certificate is not good, ours is not good enough for it, or it speaks no TLS.
        package static let tls = Code(kind: .tls)
        /// A command or a reply has more bytes than allowed.
        package static let tooLarge = Code(kind: .tooLarge)
        /// The server takes no more connections.
        package static let tooManyClients = Code(kind: .tooManyClients)
        /// The server cannot answer now: a replica without its master, a script that is busy.
        package static let unavailable = Code(kind: .unavailable)

        /// All reasons, for a metric that shows each from the start.
        package static var allCases: [Code] { Kind.allCases.map(Code.init(kind:)) }

        /// The metric label.
        package var description: String { kind.rawValue }

        /// Whether the same may succeed later although nobody changes a configuration.
        var isRetriable: Bool {
            switch kind {
            case .authFailed, .badDatabase, .noPermission, .refused, .tls, .tooLarge: false
            case .badReply, .closed, .clusterDown, .connectFailed, .full, .loading, .notMaster, .outOfMemory,
                .redirected,
                .timedOut, .tooManyClients, .unavailable:
                true
            }
        }
    }

    /// The reason.
    package let code: Code
    /// For the log: addresses allowed, secrets never.
    package let message: String
    /// Where to ask instead, with `.redirected`.
    package let redirection: RedisRedirection?

    /// Says what failed, and why.
    package init(_ code: Code, _ message: String, redirection: RedisRedirection? = nil) {
        self.code = code
        self.message = message
        self.redirection = redirection
    }

    /// Whether the same may succeed later although nobody changes a configuration.
    package var isRetriable: Bool { code.isRetriable }

    /// The code and the message, for logs.
    package var description: String { "\(code): \(message)" }
}

/// Where a cluster wants a command to go.
package struct RedisRedirection: Hashable, Sendable {
    /// Whether the slot lives there from now on (`MOVED`), or only this command is to go there (`ASK`).
    package let isPermanent: Bool
    /// The slot of the key or channel.
    package let slot: Int
    /// The node's host; empty when it is that of the node that answered.
    package let host: String
    /// The node's port.
    package let port: Int

    /// Names a node for a slot.
    package init(isPermanent: Bool, slot: Int, host: String, port: Int) {
        self.isPermanent = isPermanent
        self.slot = slot
        self.host = host
        self.port = port
    }
}
