// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import HubLoop
import HubWire

/// All masters of a cluster with sharded Pub/Sub: a topic is published and subscribed to at the one whose slot it is in.
final class RedisShards {
    private let map: ClusterMap
    private let channels: RedisChannels
    /// In the order of the map's masters.
    private var shards: [RedisShard] = []
    private var confirmations = ShardConfirmations()
    /// Topics of which it was told that they were refused, as two servers may refuse each.
    private var refused: Set<BusTopic> = []

    /// Begins to connect.
    ///
    /// - Throws: ``RedisError`` when a password or TLS cannot be had.
    init(
        _ map: ClusterMap,
        _ settings: RedisSettings,
        _ dialer: RedisDialer,
        owner: any RedisShard.Owner
    ) throws(RedisError) {
        self.map = map
        channels = RedisChannels(settings)
        do throws(RedisError) {
            for (master, channel) in zip(map.masters, try trialChannels()) {
                shards.append(try RedisShard(master, trialChannel: channel, channels, dialer, owner: owner))
            }
        } catch {
            close()
            throw error
        }
    }

    /// For each master the first of the channels `shard/0`, `shard/1` … that is in a slot of its own.
    private func trialChannels() throws(RedisError) -> [[UInt8]] {
        var found: [[UInt8]?] = Array(repeating: nil, count: map.masters.count)
        var (missing, number) = (found.count, 0)
        // For a master of one slot it takes some sixteen thousand.
        while missing > 0, number < 1 << 18 {
            let channel = channels.channel(trial: number)
            if let index = map.index(of: ClusterSlot.of(channel)), found[index] == nil {
                found[index] = channel
                missing -= 1
            }
            number += 1
        }
        if let index = found.firstIndex(of: nil) {
            throw RedisError(.badReply, "\(map.masters[index]) has no slot in the map of the cluster")
        }
        return found.compactMap { $0 }
    }

    var isReady: Bool { shards.allSatisfy(\.isReady) }

    /// What is to be watched for silence.
    var lines: [SilenceWatch.Line] { shards.flatMap(\.lines) }

    func close() {
        for shard in shards { shard.close() }
    }

    /// The shard of a topic's channel.
    func shard(of channel: [UInt8]) -> RedisShard? { map.index(of: ClusterSlot.of(channel)).map { shards[$0] } }

    func pause() {
        for shard in shards { shard.pause() }
    }

    func resume() {
        for shard in shards { shard.resume() }
    }

    // MARK: What is wanted

    /// Tells each master what is wanted of it; the one server that is told everything has to be told next.
    func want(_ change: InterestChange) throws(RedisError) {
        var parts: [Int: [InterestChange.Step]] = [:]
        for step in change.steps {
            switch step {
            case .add(let topic), .remove(let topic):
                guard topic.kind == .topic, let index = map.index(of: ClusterSlot.of(channels.channel(topic))) else {
                    continue
                }
                refused.remove(topic)
                parts[index, default: []].append(step)
            case .addPrefix: continue
            }
        }
        refused.dropSlack()
        confirmations.expect(change.generation, from: parts.count + 1)
        for (index, steps) in parts {
            try shards[index].want(InterestChange(steps: steps, generation: change.generation))
        }
    }

    /// Takes a confirmation of one of the servers, and tells of the changes that are complete with it.
    func confirm(_ generation: UInt64, _ tell: (UInt64) -> Void) {
        confirmations.confirm(generation)
        while let generation = confirmations.popConfirmed() { tell(generation) }
    }

    /// Whether nobody was told yet that a topic is refused.
    func isFirstRefusal(of topic: BusTopic) -> Bool { refused.insert(topic).inserted }
}
