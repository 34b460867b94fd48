// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import HubBus

/// What a node says of itself to one server: a login whose secret was read.
enum NATSLogin: Sendable, CustomStringConvertible {
    case none
    case password(user: String, BusSecret)
    case token(BusSecret)
    case credentials(file: String)
    case nkey(String, seedFile: String)

    /// Reads the secret, if it is one that we read; files of seeds are read by the library when the server asks for a signature.
    init(_ login: NATSSettings.Login) throws(NATSError) {
        do throws(BusSecretError) {
            self =
                switch login {
                case .none: .none
                case .password(let user, let source): .password(user: user, try source())
                case .token(let source): .token(try source())
                case .credentials(let file): .credentials(file: file)
                case .nkey(let key, let file): .nkey(key, seedFile: file)
                }
        } catch {
            throw NATSError(.authFailed, error.message)
        }
    }

    /// In which way it says who the node is, for the log.
    var description: String {
        switch self {
        case .none: "without a login"
        case .password(let user, _): "as \(user), by a password"
        case .token: "by a token"
        case .credentials: "by bus.nats.creds_file"
        case .nkey: "by bus.nats.nkey"
        }
    }

    /// The files that the library opens.
    var files: [String] {
        switch self {
        case .none, .password, .token: []
        case .credentials(let file), .nkey(_, let file): [file]
        }
    }

    func apply(to options: borrowing NATSOptions) throws(NATSError) {
        switch self {
        case .none: break
        case .password(let user, let password):
            try options.set("log in") { natsOptions_SetUserInfo($0, user, password.value) }
        case .token(let token): try options.set("log in") { natsOptions_SetToken($0, token.value) }
        case .credentials(let file):
            try options.set("log in with \(file)") { natsOptions_SetUserCredentialsFromFiles($0, file, nil) }
        case .nkey(let key, let file):
            try options.set("log in with \(file)") { natsOptions_SetNKeyFromSeed($0, key, file) }
        }
    }
}
