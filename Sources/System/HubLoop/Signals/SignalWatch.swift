// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CGohub
import CUV

/// Hands one of the process's signals to a loop, as a plain call on its thread.
///
/// Belongs to the loop's thread. Several watches of the same signal are all told.
package final class SignalWatch {
    private let loop: EventLoop
    private let handle: UnsafeMutablePointer<uv_signal_t>
    private var action: (() -> Void)?

    /// Begins to watch a signal such as `SIGTERM`, whose default action no longer happens until the watch is closed.
    ///
    /// - Throws: ``LoopError``, also for signals that cannot be caught.
    package init(loop: EventLoop, signal: Int32, _ action: @escaping () -> Void) throws(LoopError) {
        guard loop.phase == .open else { throw LoopError(.loopStopped, "watch signal \(signal): the loop was stopped") }
        self.loop = loop
        self.action = action
        handle = .allocate(capacity: 1)
        handle.initialize(to: uv_signal_t())
        let initialised = uv_signal_init(loop.handles.loop, handle)
        guard initialised == 0 else {
            handle.deallocate()
            throw LoopError(errno: initialised, doing: "watch signal \(signal)")
        }
        // From here on libuv knows the handle: its memory and this object go when it says that it has closed it.
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        let started = uv_signal_start(handle, signalArrived, signal)
        guard started == 0 else {
            close()
            throw LoopError(errno: started, doing: "watch signal \(signal)")
        }
    }

    /// Stops watching; the signal has its default action again unless others watch it.
    ///
    /// Repeated calls do nothing.
    package func close() {
        guard action != nil else { return }
        action = nil
        uv_close(asHandle(handle), signalClosed)
    }

    fileprivate func arrived() {
        loop.beginTick()
        action?()
    }
}

/// Lets writes to closed sockets and pipes fail instead of ending the process; for the whole process, at its start.
package func ignoreBrokenPipes() throws(LoopError) {
    let status = gohub_ignore_broken_pipe()
    if status < 0 { throw LoopError(errno: status, doing: "ignore SIGPIPE") }
}

private let signalArrived: uv_signal_cb = { handle, _ in
    guard let context = handle?.pointee.data else { return }
    Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue().arrived()
}

private let signalClosed: uv_close_cb = { handle in
    guard let handle, let context = handle.pointee.data else { return }
    Unmanaged<SignalWatch>.fromOpaque(context).release()
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_signal_t.self).deallocate()
}
