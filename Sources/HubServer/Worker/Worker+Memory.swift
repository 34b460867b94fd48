// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import HubCore
import HubLoop

extension Worker {
    /// How often what a burst left behind is given back.
    private static let tidyingInterval: Duration = .seconds(10)
    /// Free memory of the heap that is not worth giving back.
    private static let keptHeapBytes: UInt64 = 4 << 20

    /// Gives memory back now and then that the last seconds did not need.
    ///
    /// The heap is the process's: one worker sees to it. That takes as long as the kernel needs to unmap the pages, some 0.1 ms
    /// a MiB, and is done in a tick that had little else to do.
    func tidy() {
        shard.trim()
        if loop.index == 0 { _ = gohub_heap_trim(Worker.keptHeapBytes) }
        beginTidying()
    }

    /// Starts the timer for it.
    func beginTidying() { loop.schedule(tidying, after: Worker.tidyingInterval) }
}
