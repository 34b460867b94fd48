// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubRedis
import HubTesting
import Testing

/// A suite whose tests connect to a server of their own.
protocol FakeLink {
    var loop: EventLoop { get }
    var recorder: Recorder { get }
}

extension FakeLink {
    func connect(
        _ fake: FakeRedis,
        _ role: RedisConnection.Role = .commands,
        _ handshake: RedisHandshake = RedisHandshake(),
        _ options: RedisConnectionOptions = RedisConnectionOptions()
    ) -> RedisConnection {
        RedisConnection(
            loop: loop,
            to: fake.address,
            role: role,
            handshake: handshake,
            options: options,
            handler: recorder
        )
    }

    /// Ends the loop and says whether all is gone.
    func finish(_ fake: FakeRedis, _ connection: RedisConnection) {
        fake.end()
        connection.close()
        loop.stop()
        #expect(loop.join() == nil)
    }
}

extension RedisCommand {
    func encoded() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try encode(to: &bytes)
        return bytes
    }
}
