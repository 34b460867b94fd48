// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubCore
import HubLoop

extension Worker {
    /// How often what a burst left behind is given back.
    private static let tidyingInterval: Duration = .seconds(10)

    /// Gives memory back that the last seconds did not need.
    ///
    /// The heap is the process's: one worker asks for it. But only a loop's own thread gives back the end of its arena.
    func tidy() {
        shard.trim()
        gohub_heap_trim_own_end()
        if loop.index == 0 { common.heap.tidy() }
        beginTidying()
    }

    /// Starts the timer for it.
    func beginTidying() { loop.schedule(tidying, after: Worker.tidyingInterval) }
}
