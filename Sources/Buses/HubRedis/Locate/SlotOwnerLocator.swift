// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Asks the nodes of a cluster, in turn, which of them has the slot of a key.
final class SlotOwnerLocator: RedisLocator {
    private let settings: RedisSettings
    private let dialer: RedisDialer
    private let loop: EventLoop
    private let slot: Int
    private let nodes: AddressRotation
    private var query: RedisQuery?

    init(_ settings: RedisSettings, _ dialer: RedisDialer, loop: EventLoop, key: [UInt8]) {
        self.settings = settings
        self.dialer = dialer
        self.loop = loop
        slot = ClusterSlot.of(key)
        nodes = AddressRotation(settings.addresses)
    }

    func locate(_ done: @escaping (Result<SocketAddress, RedisError>) -> Void) {
        let node = nodes.take()
        do throws(RedisError) {
            query = try RedisQuery(
                RedisCommand("CLUSTER", "SLOTS"),
                loop: loop,
                within: settings.syncTimeout,
                dial: { query throws(RedisError) in try dialer.dial(node, .commands, query) },
                read: { [unowned self] reply in done(owner(reply, node)) },
                failed: { done(.failure($0)) }
            )
        } catch {
            done(.failure(error))
        }
    }

    func cancel() {
        query?.cancel()
        query = nil
    }

    private func owner(_ reply: RESPReply, _ node: SocketAddress) -> Result<SocketAddress, RedisError> {
        let map: ClusterMap
        do throws(RedisError) { map = try ClusterMap(reply, from: node) } catch { return .failure(error) }
        nodes.learn(map.masters)
        guard let owner = map.owner(of: slot) else {
            return .failure(RedisError(.unavailable, "no node of the cluster has the slot \(slot), says \(node)"))
        }
        return .success(owner)
    }
}
