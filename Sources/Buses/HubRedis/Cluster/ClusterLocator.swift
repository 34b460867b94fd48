// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

/// Asks the nodes of a cluster, in turn, who has which slots.
final class ClusterLocator: RedisLocator {
    /// What is looked for.
    enum Target {
        /// The master of a slot.
        case owner(ofSlot: Int)
        /// Any node, and with it all masters if they have sharded Pub/Sub.
        case anyNode
    }

    private let settings: RedisSettings
    private let dialer: RedisDialer
    private let loop: EventLoop
    private let target: Target
    private let nodes: AddressRotation
    private var query: RedisQuery?
    private(set) var shards: ClusterMap?

    init(_ settings: RedisSettings, _ dialer: RedisDialer, loop: EventLoop, _ target: Target) {
        self.settings = settings
        self.dialer = dialer
        self.loop = loop
        self.target = target
        nodes = AddressRotation(settings.addresses)
    }

    func locate(_ done: @escaping (Result<SocketAddress, RedisError>) -> Void) {
        let node = nodes.take()
        shards = nil
        do throws(RedisError) {
            query = try RedisQuery(
                question,
                loop: loop,
                within: settings.syncTimeout,
                dial: { query throws(RedisError) in try dialer.dial(node, .commands, query) },
                read: { [unowned self] reply in
                    let found: SocketAddress
                    do throws(RedisError) { found = try take(reply, node) } catch { return done(.failure(error)) }
                    done(.success(found))
                },
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

    private var question: RedisCommand {
        switch target {
        case .owner: RedisCommand("CLUSTER", "SLOTS")
        case .anyNode: RedisCommand("CLUSTER", "SHARDS")
        }
    }

    private func take(_ reply: RESPReply, _ node: SocketAddress) throws(RedisError) -> SocketAddress {
        switch target {
        case .owner(let slot):
            let map = try ClusterMap(slots: reply, from: node)
            guard let owner = map.owner(of: slot) else { throw Self.unserved(slot, node) }
            nodes.learn(map.masters)
            return owner
        case .anyNode:
            if let error = reply.error(to: "\(node) answers to CLUSTER SHARDS") {
                if error.message.contains("cluster support disabled") { throw ClusterMap.noCluster(error) }
                // A server that does not know the command does not know sharded Pub/Sub either: both came with Redis 7.0.
                if error.code == .refused { return node }
                throw error.code == .noPermission ? RedisShard.missingRight(error) : error
            }
            let map = try ClusterMap(shards: reply, from: node, isTLS: settings.tls != nil)
            if let slot = map.unserved { throw Self.unserved(slot, node) }
            nodes.learn(map.masters)
            shards = map
            return node
        }
    }

    private static func unserved(_ slot: Int, _ node: SocketAddress) -> RedisError {
        RedisError(.unavailable, "no node of the cluster has the slot \(slot), says \(node)")
    }
}
