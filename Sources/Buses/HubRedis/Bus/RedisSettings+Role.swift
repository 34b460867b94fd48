// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop

extension RedisSettings {
    /// Reads the answer to `ROLE`: whether the server is not one to publish to.
    ///
    /// Who may not ask for it would not see that a server is a replica, and be heard by nobody.
    func wrongRole(_ reply: RESPReply, _ address: SocketAddress) -> RedisError? {
        if let error = reply.error(to: "\(address) answers to ROLE") { return error }
        switch reply[0]?.text {
        case "sentinel":
            let advice = "bus.redis.mode: sentinel asks it for the master"
            return RedisError(.refused, "\(address) is a sentinel and no server for messages; \(advice)")
        case "slave" where mode != .cluster || delivery == .streams:
            return RedisError(
                .notMaster,
                "\(address) is a replica, and what is published there reaches no other server (name its master, or its sentinels)"
            )
        default: return nil
        }
    }
}
