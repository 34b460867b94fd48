// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Finds the server to connect to, which may take asking others.
protocol RedisLocator: AnyObject {
    /// Finds a server, a different one after a failure if there are several.
    ///
    /// - Parameter done: Called once, possibly within this call, unless ``cancel()`` comes before.
    func locate(_ done: @escaping (Result<SocketAddress, RedisError>) -> Void)

    /// The masters of the cluster in which a server was found last; nil for those that have no sharded Pub/Sub, or need none.
    var shards: ClusterMap? { get }

    /// Stops looking.
    func cancel()
}

extension RedisLocator {
    var shards: ClusterMap? { nil }
}

/// Takes one address after the other, without asking anybody.
final class NextAddress: RedisLocator {
    private let addresses: AddressRotation

    init(_ addresses: [SocketAddress]) { self.addresses = AddressRotation(addresses) }

    func locate(_ done: @escaping (Result<SocketAddress, RedisError>) -> Void) { done(.success(addresses.take())) }

    func cancel() {}
}
