// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Asks the sentinels, in turn, which server is the master.
final class SentinelLocator: RedisLocator {
    private let settings: RedisSettings
    private let dialer: RedisDialer
    private let loop: EventLoop
    private let sentinels: AddressRotation
    private var query: RedisQuery?
    /// The sentinel that answered last.
    private(set) var informant: SocketAddress?

    init(_ settings: RedisSettings, _ dialer: RedisDialer, loop: EventLoop) {
        self.settings = settings
        self.dialer = dialer
        self.loop = loop
        sentinels = AddressRotation(settings.addresses)
    }

    func locate(_ done: @escaping (Result<SocketAddress, RedisError>) -> Void) {
        ask(left: settings.addresses.count, nil, done)
    }

    func cancel() {
        query?.cancel()
        query = nil
    }

    private func ask(
        left: Int,
        _ last: RedisError?,
        _ done: @escaping (Result<SocketAddress, RedisError>) -> Void
    ) {
        guard left > 0 else {
            return done(.failure(last ?? RedisError(.unavailable, "there is no sentinel to ask")))
        }
        let sentinel = sentinels.take()
        do throws(RedisError) {
            query = try RedisQuery(
                RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", settings.masterName),
                loop: loop,
                within: settings.syncTimeout,
                dial: { query throws(RedisError) in try dialer.dialSentinel(sentinel, .commands, query) },
                read: { [unowned self] reply in
                    switch master(reply, sentinel) {
                    case .success(let address):
                        informant = sentinel
                        done(.success(address))
                    case .failure(let error): ask(left: left - 1, error, done)
                    }
                },
                failed: { [unowned self] error in ask(left: left - 1, error, done) }
            )
        } catch {
            ask(left: left - 1, error, done)
        }
    }

    private func master(_ reply: RESPReply, _ sentinel: SocketAddress) -> Result<SocketAddress, RedisError> {
        if let error = reply.error(to: "\(sentinel) answers to SENTINEL GET-MASTER-ADDR-BY-NAME") {
            let advice = " (is it a sentinel? bus.redis.mode: sentinel asks those that bus.redis.addrs names)"
            return .failure(RedisError(error.code, error.message + advice))
        }
        guard let host = reply[0]?.text, let port = reply[1]?.text.flatMap({ Int($0) }) else {
            return .failure(
                RedisError(
                    .unavailable,
                    "the sentinel \(sentinel) knows no master called \"\(settings.masterName)\" (see bus.redis.master_name)"
                )
            )
        }
        return .success(SocketAddress(host: host, port: port))
    }
}
