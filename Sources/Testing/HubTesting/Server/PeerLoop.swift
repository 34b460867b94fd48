// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubLoop

/// The loop on which a test's own ends of connections live, so that nothing of them blocks a task.
package final class PeerLoop: Sendable {
    package let loop: EventLoop
    /// What sockets are read into; touched on the loop only.
    nonisolated(unsafe) let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)

    /// Makes a loop and starts its thread; end it with ``stop()``.
    package init() throws(LoopError) {
        loop = try EventLoop()
        try loop.start(name: "peers")
    }

    deinit { buffer.deallocate() }

    /// Closes every connection and waits until the thread has ended; not to be called in a task.
    package func stop() {
        loop.stop()
        loop.join()
    }
}
