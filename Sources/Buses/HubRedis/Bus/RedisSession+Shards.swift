// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus

// What the masters of a cluster tell, where topics have connections of their own.
extension RedisSession: RedisShard.Owner {
    func shardIsReady() { checkOpen() }

    func shard(settled id: UInt64, _ error: BusError?) { owner?.session(self, settled: id, error) }

    func shard(confirmed generation: UInt64) { subscribed(generation) }

    func shard(refused topic: BusTopic, _ reason: String) { refused(topic, reason) }

    func shard(received topic: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer) { received(topic, bytes) }

    func shard(ended error: RedisError) { end(error) }
}
