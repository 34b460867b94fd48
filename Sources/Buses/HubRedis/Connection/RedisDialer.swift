// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubTLS

/// Makes connections as the settings want them: name, password, database, TLS.
struct RedisDialer {
    let loop: EventLoop
    private let settings: RedisSettings
    private let tls: TLSContext?

    init(_ settings: RedisSettings, loop: EventLoop) throws(TLSError) {
        self.settings = settings
        self.loop = loop
        tls = if let options = settings.tls { try TLSContext(options) } else { nil }
    }

    /// Begins to connect to a server.
    func dial(
        _ address: SocketAddress,
        _ role: RedisConnection.Role,
        _ handler: any RedisConnectionHandler
    ) throws(RedisError) -> RedisConnection {
        let handshake = RedisHandshake(
            user: settings.user,
            password: try Self.read(settings.password),
            clientName: settings.clientName,
            database: settings.database
        )
        return try dial(address, role, handshake, handler)
    }

    /// Begins to connect to a sentinel.
    func dialSentinel(
        _ address: SocketAddress,
        _ role: RedisConnection.Role,
        _ handler: any RedisConnectionHandler
    ) throws(RedisError) -> RedisConnection {
        let handshake = RedisHandshake(
            user: settings.sentinelUser,
            password: try Self.read(settings.sentinelPassword),
            clientName: settings.clientName,
            keys: "bus.redis.sentinel_user and bus.redis.sentinel_password_file"
        )
        return try dial(address, role, handshake, handler)
    }

    private static func read(_ source: BusSecret.Source?) throws(RedisError) -> BusSecret? {
        do throws(BusSecretError) { return try source?() } catch { throw RedisError(.authFailed, error.message) }
    }

    private func dial(
        _ address: SocketAddress,
        _ role: RedisConnection.Role,
        _ handshake: RedisHandshake,
        _ handler: any RedisConnectionHandler
    ) throws(RedisError) -> RedisConnection {
        var filter: TLSFilter?
        if let tls {
            do throws(TLSError) {
                filter = TLSFilter(try tls.session(to: address.host), to: address.description)
            } catch {
                throw RedisError(.tls, "\(address): \(error.message)")
            }
        }
        return RedisConnection(
            loop: loop,
            to: address,
            role: role,
            handshake: handshake,
            options: settings.connection,
            filter: filter,
            handler: handler
        )
    }
}
