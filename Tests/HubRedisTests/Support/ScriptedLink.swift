// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubLoop
import HubRedis
import HubTesting
import Testing

/// A suite whose tests run the adapter with servers of their own.
protocol ScriptedLink {
    var loop: EventLoop { get }
}

extension ScriptedLink {
    /// Ends the adapter and the loop, and says whether all is gone.
    func finish(_ bus: RedisBus, _ servers: ScriptedRedis...) {
        bus.close {}
        #expect(loop.run { servers.allSatisfy { $0.openCount == 0 } })
        for server in servers { server.end() }
        loop.stop()
        #expect(loop.join() == nil)
    }
}
